using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.Architecture;

/// <summary>What others' code comes in: pinned, locked by hash, listed with its licence.</summary>
public sealed partial class SupplyChainTests
{
    private static readonly string[] LicencesOfTheProduct = ["Apache-2.0", "MIT", "MIT (in its LICENSE)", "MIT (in its LICENSE.txt)"];

    public static TheoryData<string> Projects =>
    [
        .. Directory.EnumerateFiles(RepositoryPaths.Root, "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(RepositoryPaths.Root, Path.GetDirectoryName(path)!).Replace('\\', '/'))
            .Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Lock_OfEveryProject_PinsWithHashesWhatTheRepositoryAsksFor(string project)
    {
        Dictionary<string, string> pinned = XDocument.Load(Path.Combine(RepositoryPaths.Root, "Directory.Packages.props"))
            .Descendants("PackageVersion")
            .ToDictionary(package => package.Attribute("Include")!.Value, package => package.Attribute("Version")!.Value.Trim('[', ']'));
        string[] asked = [.. XDocument.Load(Directory.GetFiles(Path.Combine(RepositoryPaths.Root, project), "*.csproj").Single())
            .Descendants("PackageReference").Select(package => package.Attribute("Include")!.Value)];
        List<LockedPackage> locked = LockOf(project);

        Assert.Equal(asked.Order(), locked.Where(package => package.Type == "Direct").Select(package => package.Name).Order());
        Assert.All(locked.Where(package => pinned.ContainsKey(package.Name)), package =>
            Assert.Equal(pinned[package.Name], package.Version));
        Assert.All(locked, package => Assert.Equal(64, Convert.FromBase64String(package.Hash).Length));
    }

    [Fact]
    public void Notices_OfTheProduct_AreItsPackages() =>
        Assert.Equal(Packages("src/").Order(), NoticesUnder("In the library and the tool").Keys.Order());

    [Fact]
    public void Notices_OfTests_AreTheOtherPackages() => Assert.Equal(
        Packages("tests/", "benchmarks/").Except(Packages("src/")).Order(), NoticesUnder("In tests and benchmarks only").Keys.Order());

    [Fact]
    public void Notices_OfTheProduct_HaveLicencesThatMayGoWithIt() =>
        Assert.All(NoticesUnder("In the library and the tool"), notice => Assert.Contains(notice.Value, LicencesOfTheProduct));

    [Fact]
    public void Notices_OfEveryPackage_AreWhatItStates()
    {
        string[] folders = PackageFolders();
        foreach (string section in new[] { "In the library and the tool", "In tests and benchmarks only" })
        {
            foreach (((string name, string version), string licence) in NoticesUnder(section))
            {
                string file = $"{name}/{version}/{name}.nuspec".ToLowerInvariant();
                string? spec = folders.Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists);
                if (spec is null && section != "In the library and the tool") continue; // other projects' packages need not be here
                Assert.True(spec is not null, $"{file} is in none of the package folders");
                XElement stated = XDocument.Load(spec).Descendants().Single(element => element.Name.LocalName == "license");
                bool isText = stated.Attribute("type")!.Value == "file";
                Assert.Equal(isText ? $"MIT (in its {stated.Value})" : stated.Value, licence);
                if (isText) Assert.Contains("MIT License", File.ReadAllText(Path.Combine(Path.GetDirectoryName(spec)!, stated.Value)));
            }
        }
    }

    private static HashSet<(string Name, string Version)> Packages(params string[] folders) =>
    [
        .. Projects.Select(row => row.Data).Where(project => folders.Any(folder => project.StartsWith(folder, StringComparison.Ordinal)))
            .SelectMany(LockOf).Select(package => (package.Name, package.Version)),
    ];

    private static List<LockedPackage> LockOf(string project)
    {
        string path = Path.Combine(RepositoryPaths.Root, project, "packages.lock.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return
        [
            .. document.RootElement.GetProperty("dependencies").EnumerateObject().SelectMany(framework => framework.Value.EnumerateObject())
                .Where(package => package.Value.GetProperty("type").GetString() != "Project")
                .Select(package => new LockedPackage(
                    package.Name,
                    package.Value.GetProperty("resolved").GetString()!,
                    package.Value.GetProperty("type").GetString()!,
                    package.Value.GetProperty("contentHash").GetString()!)),
        ];
    }

    private static Dictionary<(string Name, string Version), string> NoticesUnder(string heading)
    {
        string text = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "THIRD-PARTY-NOTICES.md"));
        string section = text.Split("\n## ").Single(part => part.StartsWith(heading + "\n", StringComparison.Ordinal));
        return Row().Matches(section).ToDictionary(row => (row.Groups[1].Value, row.Groups[2].Value), row => row.Groups[3].Value);
    }

    // Where the restore put packages is written down beside the tests that were built from it.
    private static string[] PackageFolders()
    {
        string assets = Path.Combine(RepositoryPaths.Root, "tests", "ArrowQuant.Tests", "obj", "project.assets.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(assets));
        return [.. document.RootElement.GetProperty("packageFolders").EnumerateObject().Select(folder => folder.Name)];
    }

    [GeneratedRegex(@"^\| ([\w.-]+) \| (\d[\w.-]*) \| (.+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    private sealed record LockedPackage(string Name, string Version, string Type, string Hash);
}
