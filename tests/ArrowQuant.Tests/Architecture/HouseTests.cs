using System.Reflection;
using System.Text;
using ArrowQuant.Cli;
using ArrowQuant.Pipeline;

namespace ArrowQuant.Tests.Architecture;

/// <summary>The rules of the house hold in the repository as it is.</summary>
public sealed class HouseTests
{
    private static readonly Assembly[] Product = [typeof(DiffusionQuantizer).Assembly, typeof(CommandLineApp).Assembly];

    [Fact]
    public void Rooms_OfTheProduct_PointDownOnly()
    {
        HashSet<string> types = [.. Product.SelectMany(assembly => assembly.GetTypes()).Select(type => type.FullName!.Split('`')[0])];
        AssertNone(RepositoryText.Sources("src").SelectMany(file => Rooms.UpwardArrows(file.Path, file.Text, types.Contains)));
    }

    [Fact]
    public void Namespaces_OfEveryProject_AreTheFolders() =>
        AssertNone(EveryProject().SelectMany(file => SourceRules.Namespace(file.Path, file.Text)));

    [Fact]
    public void Files_OfEveryProject_AreShort() =>
        AssertNone(EveryProject().SelectMany(file => SourceRules.Length(file.Path, file.Text)));

    [Fact]
    public void Lines_OfEveryProject_FitTheScreen() =>
        AssertNone(EveryProject().SelectMany(file => SourceRules.Width(file.Path, file.Text)));

    [Fact]
    public void Files_OfTheProduct_HoldOnePublicType() =>
        AssertNone(RepositoryText.Sources("src").SelectMany(file => SourceRules.Types(file.Path, file.Text)));

    [Fact]
    public void Sources_OfEveryProject_LeaveNothingForLater() =>
        AssertNone(EveryProject().SelectMany(file => SourceRules.Unfinished(file.Path, file.Text)));

    [Fact]
    public void TextFiles_OfTheRepository_AreUtf8WithLineFeeds() =>
        AssertNone(RepositoryText.All.Where(file => !IsLockFile(file.Path))
            .SelectMany(file => SourceRules.Encoding(file.Path, file.Bytes)));

    [Fact]
    public void TextFiles_OfTheRepository_NameNoMachine() =>
        AssertNone(RepositoryText.All.SelectMany(file => SourceRules.MachinePaths(file.Path, Encoding.UTF8.GetString(file.Bytes))));

    [Fact]
    public void Types_OfTheProduct_HaveNoStaticState() => AssertNone(ProductTypes().SelectMany(TypeRules.StaticState));

    [Fact]
    public void Types_OfTheProduct_HaveNamesThatSaySomething() => AssertNone(ProductTypes().SelectMany(TypeRules.Name));

    [Fact]
    public void PublicTypes_OfTheProduct_AreSealedStaticOrAbstract() => AssertNone(ProductTypes().SelectMany(TypeRules.Openness));

    // The SDK writes these, without a line feed at the end.
    private static bool IsLockFile(string path) => path.EndsWith("/packages.lock.json", StringComparison.Ordinal);

    private static IEnumerable<Type> ProductTypes() => Product.SelectMany(TypeRules.WrittenIn);

    private static IEnumerable<(string Path, string Text)> EveryProject() =>
        [.. RepositoryText.Sources("src"), .. RepositoryText.Sources("tests"), .. RepositoryText.Sources("benchmarks")];

    private static void AssertNone(IEnumerable<string> problems)
    {
        string[] found = [.. problems];
        Assert.True(found.Length == 0, $"{found.Length} found:\n{string.Join('\n', found)}");
    }
}
