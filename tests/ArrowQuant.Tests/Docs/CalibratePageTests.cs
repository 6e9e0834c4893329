using System.Text.RegularExpressions;
using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.Docs;

/// <summary>The causes that docs/calibrate.md explains are those that the program can give.</summary>
public sealed partial class CalibratePageTests
{
    private const string Page = "docs/calibrate.md";

    [Fact]
    public void CausesTable_OfThePage_IsTheProgramsOwn()
    {
        string[] rooms = ["src/ArrowQuant/Calibration/CalibrationDefect.cs", "src/ArrowQuant/Methods/CalibratedPreparation.cs"];
        IEnumerable<string> said = rooms.SelectMany(file => Cause().Matches(File.ReadAllText(Path.Combine(RepositoryPaths.Root, file))))
            .Select(match => match.Groups["word"].Value).Distinct().Order(StringComparer.Ordinal);
        IEnumerable<string> shown = File.ReadLines(Path.Combine(RepositoryPaths.Root, Page))
            .SkipWhile(line => line != "<!-- causes table -->").Skip(3).TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Split('`')[1]).Order(StringComparer.Ordinal);
        Assert.Equal(said, shown);
    }

    // Words of a cause have an underscore between them; other literals of these files have none, or a space.
    [GeneratedRegex("\"(?<word>[a-z]+(_[a-z]+)+)\"")]
    private static partial Regex Cause();
}
