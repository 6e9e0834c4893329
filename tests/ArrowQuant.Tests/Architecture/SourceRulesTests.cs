using System.Text;

namespace ArrowQuant.Tests.Architecture;

public sealed class SourceRulesTests
{
    private const string Path = "src/ArrowQuant/Room/Thing.cs";

    [Theory]
    [InlineData("namespace ArrowQuant.Room;", 0)]
    [InlineData("namespace ArrowQuant.Rooms;", 1)]
    [InlineData("namespace ArrowQuant;", 1)]
    [InlineData("", 1)]
    public void Namespace_OfAFile_IsItsFolder(string text, int problems) =>
        Assert.Equal(problems, SourceRules.Namespace(Path, text).Count());

    [Theory]
    [InlineData(400, 0)]
    [InlineData(401, 1)]
    public void Length_OfAFile_HasACeiling(int lines, int problems) =>
        Assert.Equal(problems, SourceRules.Length(Path, new string('\n', lines)).Count());

    [Fact]
    public void Width_OfALine_HasACeilingExceptForLongTexts()
    {
        string wide = new('x', SourceRules.MostColumns + 1);
        Assert.Equal([$"{Path}:2: 141 columns, at most 140"], SourceRules.Width(Path, $"short\n{wide}\n{wide[1..]}\n\"{wide}\"\n"));
    }

    [Theory]
    [InlineData("public sealed class Thing\n{\n}\n", 0)]
    [InlineData("public sealed class Other\n{\n}\n", 2)]
    [InlineData("internal static partial class Thing\n{\n}\npublic enum Kind\n{\n}\n", 1)]
    [InlineData("public abstract class Thing<T>\n{\n}\n\npublic sealed record Part(int A);\n", 0)]
    [InlineData("public sealed record Thing\n{\n}\n\npublic readonly record struct Part(int A);\n\npublic delegate int Maker(int a);\n", 0)]
    [InlineData("public sealed class Thing\n{\n}\n\npublic sealed class Other\n{\n}\n", 1)]
    [InlineData("public interface Thing\n{\n}\n\npublic interface IOther\n{\n}\n", 1)]
    [InlineData("// nothing\n", 1)]
    public void Types_OfAFile_AreOneWithItsSatellites(string text, int problems) =>
        Assert.Equal(problems, SourceRules.Types(Path, text).Count());

    [Fact]
    public void Types_LongSatellite_NeedsItsOwnFile()
    {
        string text = "public sealed class Thing\n{\n}\n\npublic sealed record Part\n{\n" + new string('\n', 61) + "}\n";
        Assert.Contains("Part needs a file of its own", Assert.Single(SourceRules.Types(Path, text)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("// TO" + "DO later", 1)]
    [InlineData("// FIX" + "ME", 1)]
    [InlineData("throw new NotImplemented" + "Exception();", 1)]
    [InlineData("var toDoList = 1;", 0)]
    public void Unfinished_Word_IsFound(string text, int problems) => Assert.Equal(problems, SourceRules.Unfinished(Path, text).Count());

    [Fact]
    public void Encoding_MarkReturnAndMissingLineFeed_AreFound()
    {
        byte[] bad = [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes("a\r\nb")];
        Assert.Equal(3, SourceRules.Encoding(Path, bad).Count());
        Assert.Empty(SourceRules.Encoding(Path, Encoding.UTF8.GetBytes("a\nb\n")));
    }

    [Theory]
    [InlineData("/ho" + "me/me/model", 1)]
    [InlineData("\"/ro" + "ot/x\"", 1)]
    [InlineData("see /t" + "mp/out", 1)]
    [InlineData("D:\\Us" + "ers\\me", 1)]
    [InlineData("samples/work/model", 0)]
    [InlineData("https://host.example/home/page", 0)]
    [InlineData("and/or", 0)]
    public void MachinePaths_InText_AreFound(string text, int problems) =>
        Assert.Equal(problems, SourceRules.MachinePaths(Path, text).Count());
}
