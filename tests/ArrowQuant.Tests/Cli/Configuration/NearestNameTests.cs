using ArrowQuant.Cli.Configuration;
using ArrowQuant.Configuration;

namespace ArrowQuant.Tests.Cli.Configuration;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("bitwidth", "bit_width")]
    [InlineData("bit-width", "bit_width")]
    [InlineData("BIT_WIDTH", "bit_width")]
    [InlineData("min_acuracy", "min_accuracy")]
    [InlineData("treads", "num_threads")]
    [InlineData("sensitive_layers_names", "sensitive_layer_names")]
    public void Find_Misspelt_GivesWhatWasMeant(string name, string expected) =>
        Assert.Equal(expected, NearestName.Find(name, ConfigurationSettings.All.Select(setting => setting.Name)));

    [Fact]
    public void Find_VeryLongName_IsCheap() => Assert.Equal("a", NearestName.Find(new string('x', 1_000_000), ["a"]));

    [Fact]
    public void Find_NoCandidates_GivesTheNameBack() => Assert.Equal("x", NearestName.Find("x", []));
}
