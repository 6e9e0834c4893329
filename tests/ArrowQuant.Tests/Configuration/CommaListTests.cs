using ArrowQuant.Configuration;
using CsCheck;

namespace ArrowQuant.Tests.Configuration;

public sealed class CommaListTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("  ", new string[0])]
    [InlineData("a", new[] { "a" })]
    [InlineData(" a , b ", new[] { "a", "b" })]
    [InlineData("a,,b", new[] { "a", "", "b" })]
    [InlineData(@"a\,b,c", new[] { "a,b", "c" })]
    [InlineData(@"a{1\,2}", new[] { "a{1,2}" })]
    [InlineData(@"a\.b\\,c", new[] { @"a\.b\\", "c" })]
    [InlineData(@"a\", new[] { @"a\" })]
    public void Split_Text_GivesItems(string text, string[] expected) => Assert.Equal(expected, CommaList.Split(text));

    [Fact, Trait("Category", "Property")]
    public void Join_ThenSplit_GivesTheItemsBack() =>
        Gen.String["abc,.*[]{}()"].Where(item => item.Length > 0).List[1, 6]
            .Sample(items => Assert.Equal(items, CommaList.Split(CommaList.Join(items))));
}
