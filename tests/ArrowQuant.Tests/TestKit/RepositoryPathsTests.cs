using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.TestKit;

public sealed class RepositoryPathsTests
{
    [Fact]
    public void Root_FromTheTestAssembly_HoldsTheSolution() =>
        Assert.True(File.Exists(Path.Combine(RepositoryPaths.Root, "ArrowQuant.slnx")));

    [Fact]
    public void SamplesAndWeights_AreAllThere()
    {
        Assert.All(RepositoryPaths.SampleNames, name => Assert.True(File.Exists(RepositoryPaths.SampleFile(name, "model.safetensors"))));
        Assert.All(RepositoryPaths.WeightNames, name => Assert.True(File.Exists(Path.Combine(RepositoryPaths.Weights(name), "SOURCE.md"))));
    }

    [Fact]
    public void Sample_Missing_NamesThePath()
    {
        Assert.Contains("no-such", Assert.Throws<DirectoryNotFoundException>(() => RepositoryPaths.Sample("no-such")).Message,
            StringComparison.Ordinal);
        Assert.Contains("no-such", Assert.Throws<DirectoryNotFoundException>(() => RepositoryPaths.Weights("no-such")).Message,
            StringComparison.Ordinal);
        Assert.Contains("no.file", Assert.Throws<FileNotFoundException>(() => RepositoryPaths.SampleFile("dit-digits", "no.file")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void FindRoot_OutsideTheRepository_SaysSo()
    {
        using TempFolder folder = new();
        Assert.Contains(folder.FullName,
            Assert.Throws<DirectoryNotFoundException>(() => RepositoryPaths.FindRoot(folder.FullName)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TempFolder_Disposed_IsGoneWithItsFiles()
    {
        TempFolder folder = new();
        File.WriteAllText(Path.Combine(folder.CreateFolder("inner"), "file"), "x");
        Assert.True(File.Exists(folder.PathOf("inner", "file")));
        folder.Dispose();
        Assert.False(Directory.Exists(folder.FullName));
    }
}
