using System.Text.RegularExpressions;
using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.Docs;

/// <summary>The figures of docs/choose-bits.md are those that were measured and stand in docs/fidelity.md.</summary>
public sealed class ChooseBitsPageTests
{
    [Theory]
    [InlineData("original", 32)]
    [InlineData("INT8 calibrated", 0)]
    [InlineData("INT4 calibrated", 0)]
    [InlineData("INT4 without data", 0)]
    [InlineData("INT4 best calibrated", 0)]
    [InlineData("INT2 best calibrated", 0)]
    [InlineData("INT2 best without data", 0)]
    [InlineData("INT2 calibrated", 0)]
    [InlineData("INT2 without data", 0)]
    public void Row_OfAWidth_HasTheMeasuredFigures(string width, int originalBits)
    {
        string[] image = Cells("docs/fidelity.md", "## dit-digits", width);
        string[] text = Cells("docs/fidelity.md", "## llada-kjv", width);
        string[] audio = Cells("docs/fidelity.md", "## diffwave-spoken-digits", width);
        string psnr = originalBits > 0 ? "" : $", {Mean(image[8])} dB";
        string[] expected =
            [width, originalBits > 0 ? $"{originalBits}" : image[1], Mean(image[6]) + psnr, Mean(text[7]), Mean(audio[6])];
        Assert.Equal(expected, Cells("docs/choose-bits.md", "<!-- choice table -->", width));
    }

    // Of several seeds the mean comes first, then their spread.
    private static string Mean(string cell) => cell.Split(' ')[0];

    // The row that begins with a width, in brackets after it what methods were used.
    private static string[] Cells(string page, string heading, string width)
    {
        string part = File.ReadAllText(Path.Combine(RepositoryPaths.Root, page)).Split(heading)[1];
        Match row = Regex.Match(part, $@"^\| {width}(?: \([^)]*\))? \|(.*)\|$", RegexOptions.Multiline);
        Assert.True(row.Success, $"{page} has no row {width}");
        return [width, .. row.Groups[1].Value.Split('|').Select(cell => cell.Trim())];
    }
}
