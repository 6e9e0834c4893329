using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using System.Reflection;
using System.Text;
using System.Xml.Linq;
using ArrowQuant.Pipeline;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Packaging;

/// <summary>
/// The packages of what the tests were built from: what they say of themselves. That the Release build names no machine is looked for by
/// <c>.ci/run</c> in the installed tool.
/// </summary>
[Trait("Category", "Slow")]
public sealed class PackageTests
{
    [Fact]
    public async Task Packages_OfTheRepository_HaveWhatReadersNeed()
    {
        using TempFolder folder = new();
        await PackAsync("src/ArrowQuant", folder.FullName);
        await PackAsync("src/ArrowQuant.Cli", folder.FullName);
        string[] packages = [.. Directory.GetFiles(folder.FullName, "*.nupkg").Order(StringComparer.Ordinal)];
        Assert.Equal(["ArrowQuant.0.1.0.nupkg", "ArrowQuant.Tool.0.1.0.nupkg"], packages.Select(path => Path.GetFileName(path)));
        foreach (string package in packages)
        {
            using ZipArchive archive = await ZipFile.OpenReadAsync(package, TestContext.Current.CancellationToken);
            Dictionary<string, byte[]> files = archive.Entries.ToDictionary(entry => entry.FullName, Read);
            AssertDescribed(files);
        }

        using ZipArchive library = await ZipFile.OpenReadAsync(packages[0], TestContext.Current.CancellationToken);
        AssertDocumented(Read(library.GetEntry("lib/net10.0/ArrowQuant.xml")!));
        using ZipArchive tool = await ZipFile.OpenReadAsync(packages[1], TestContext.Current.CancellationToken);
        Assert.NotNull(tool.GetEntry("tools/net10.0/any/ArrowQuant.Cli.dll"));
    }

    private static void AssertDescribed(Dictionary<string, byte[]> files)
    {
        string nuspec = Encoding.UTF8.GetString(files.Single(file => file.Key.EndsWith(".nuspec")).Value).TrimStart('\ufeff');
        XElement metadata = XDocument.Parse(nuspec).Descendants().Single(element => element.Name.LocalName == "metadata");
        Dictionary<string, XElement> facts = metadata.Elements().ToDictionary(element => element.Name.LocalName);
        Assert.Equal(("MIT", "expression"), (facts["license"].Value, facts["license"].Attribute("type")!.Value));
        Assert.Equal(("README.md", "icon.png"), (facts["readme"].Value, facts["icon"].Value));
        Assert.NotEmpty(facts["description"].Value);
        Assert.NotEmpty(facts["tags"].Value);
        Assert.Equal(File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "README.md")), files["README.md"]);
        byte[] icon = files["icon.png"];
        Assert.Equal(Encoding.Latin1.GetBytes("\u0089PNG\r\n\u001a\n"), icon[..8]);
        Assert.Equal(128u, BinaryPrimitives.ReadUInt32BigEndian(icon.AsSpan(16)));
        Assert.Equal(128u, BinaryPrimitives.ReadUInt32BigEndian(icon.AsSpan(20)));
    }

    private static void AssertDocumented(byte[] xml)
    {
        HashSet<string> documented = [.. XDocument.Parse(Encoding.UTF8.GetString(xml)).Descendants("member")
            .Select(member => member.Attribute("name")!.Value)];
        Type[] types = typeof(DiffusionQuantizer).Assembly.GetExportedTypes();
        Assert.True(types.Length > 50);
        Assert.All(types, type => Assert.Contains($"T:{type.FullName!.Replace('+', '.')}", documented));
    }

    private static string Configuration { get; } =
        typeof(PackageTests).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    private static byte[] Read(ZipArchiveEntry entry)
    {
        using MemoryStream bytes = new();
        using Stream stream = entry.Open();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    // No compiler or build server stays behind.
    private static async Task PackAsync(string project, string output)
    {
        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true, WorkingDirectory = RepositoryPaths.Root };
        string[] arguments = ["pack", project, "--no-build", "-c", Configuration, "-o", output, "-nodeReuse:false"];
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process pack = Process.Start(start)!;
        string printed = await pack.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await pack.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(pack.ExitCode == 0, printed);
    }
}
