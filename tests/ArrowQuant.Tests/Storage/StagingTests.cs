using ArrowQuant.Errors;
using ArrowQuant.Storage;

namespace ArrowQuant.Tests.Storage;

public sealed class StagingTests
{
    [Fact]
    public void Publish_NewOutput_AppearsAtOnceAndLeavesNothingElse()
    {
        using StorageFolder folder = new();
        string output = Path.Combine(folder.Path, "deep", "er", "out");
        using (ArtefactStaging staging = ArtefactStaging.Begin(output, force: false))
        {
            Fill(staging.Path, "new");
            Assert.False(Directory.Exists(output));
            Assert.Equal(Path.GetDirectoryName(output), Path.GetDirectoryName(staging.Path));

            staging.Publish();
        }

        Assert.Equal("new", Content(output));
        Assert.Equal([output], Directory.GetFileSystemEntries(Path.GetDirectoryName(output)!));
    }

    [Fact]
    public void Dispose_WithoutPublish_RemovesEverything()
    {
        using StorageFolder folder = new();
        string output = Path.Combine(folder.Path, "deep", "out");
        using (ArtefactStaging staging = ArtefactStaging.Begin(output, force: false)) Fill(staging.Path, "new");

        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void ResetContents_BetweenAttempts_EmptiesTheFolder()
    {
        using StorageFolder folder = new();
        using ArtefactStaging staging = ArtefactStaging.Begin(folder["out"], force: false);
        Fill(staging.Path, "first");
        Directory.CreateDirectory(Path.Combine(staging.Path, "unet"));

        staging.ResetContents();

        Assert.Empty(Directory.GetFileSystemEntries(staging.Path));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Publish_ForceOverArtefact_ReplacesIt(bool avoidExchange)
    {
        using StorageFolder folder = new();
        Fill(Directory.CreateDirectory(folder["out"]).FullName, "old");
        using (ArtefactStaging staging = ArtefactStaging.Begin(folder["out"], true, StagedOutput.Artefact, avoidExchange))
        {
            Fill(staging.Path, "new");
            Assert.Equal("old", Content(folder["out"]));
            staging.Publish();
        }

        Assert.Equal("new", Content(folder["out"]));
        Assert.Equal([folder["out"]], Directory.GetFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Publish_Fails_KeepsTheOldArtefact(bool avoidExchange)
    {
        using StorageFolder folder = new();
        Fill(Directory.CreateDirectory(folder["out"]).FullName, "old");
        using (ArtefactStaging staging = ArtefactStaging.Begin(folder["out"], true, StagedOutput.Artefact, avoidExchange))
        {
            Directory.Delete(staging.Path); // the disk took it away
            ResourceException e = Assert.Throws<ResourceException>(staging.Publish);
            Assert.StartsWith($"{folder["out"]}: cannot be written: ", e.Message, StringComparison.Ordinal);
            Assert.Equal(folder["out"], e.FilePath);
        }

        Assert.Equal("old", Content(folder["out"]));
        Assert.Equal([folder["out"]], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Replace_SecondRenameFails_RestoresTheFirst()
    {
        using StorageFolder folder = new();
        Fill(Directory.CreateDirectory(folder["out"]).FullName, "old");
        using OutputLock outputLock = OutputLock.Take(folder["out"]);

        Assert.ThrowsAny<IOException>(() => StagingLeftovers.Replace(folder["out"], folder["nowhere"], outputLock));

        Assert.Equal("old", Content(folder["out"]));
        Assert.False(Directory.Exists(folder["out.previous"]));
    }

    [Fact]
    public void Begin_OutputExistsWithoutForce_SaysWhatIsThere()
    {
        using StorageFolder folder = new();
        Directory.CreateDirectory(folder["empty"]);
        Fill(Directory.CreateDirectory(folder["artefact"]).FullName, "old");

        AssertRefused(folder, "empty", false, "exists already (an empty folder); use --force to replace it or choose another output");
        AssertRefused(folder, "artefact", false, "exists already (an ArrowQuant artefact); use --force to replace it");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Begin_OutputIsNotAnArtefact_IsRefusedEvenWithForce(bool force)
    {
        using StorageFolder folder = new();
        Directory.CreateDirectory(folder["photos"]);
        File.WriteAllText(Path.Combine(folder["photos"], "cat.jpg"), "cat");
        Directory.CreateDirectory(folder["older"]);
        File.WriteAllText(Path.Combine(folder["older"], "metadata.json"), """{"format":"parquet_v2_extended","modality":"text"}""");
        File.WriteAllText(folder["file"], "text");

        const string Refusal = "is a folder but not an ArrowQuant artefact, and is never replaced; choose another output";
        AssertRefused(folder, "photos", force, Refusal);
        AssertRefused(folder, "older", force, Refusal);
        AssertRefused(folder, "file", force, "is a file; choose another output folder");
        Assert.Equal("cat", File.ReadAllText(Path.Combine(folder["photos"], "cat.jpg")));
    }

    [Fact]
    public void Begin_ForceOverEmptyFolder_IsAllowed()
    {
        using StorageFolder folder = new();
        Directory.CreateDirectory(folder["out"]);
        using ArtefactStaging staging = ArtefactStaging.Begin(folder["out"], force: true);
        Fill(staging.Path, "new");

        staging.Publish();

        Assert.Equal("new", Content(folder["out"]));
    }

    [Fact]
    public void Begin_ParentIsAFile_IsAResourceError()
    {
        using StorageFolder folder = new();
        File.WriteAllText(folder["file"], "text");

        string output = Path.Combine(folder["file"], "out");

        ResourceException e = Assert.Throws<ResourceException>(() => ArtefactStaging.Begin(output, force: false));

        Assert.Contains("cannot be written: ", e.Message, StringComparison.Ordinal);
        Assert.Equal(output, e.FilePath);
    }

    [Fact]
    public void Begin_WhileAnotherRunStages_IsRefused()
    {
        using StorageFolder folder = new();
        using ArtefactStaging first = ArtefactStaging.Begin(folder["out"], force: false);
        Fill(first.Path, "first");

        AssertRefused(folder, "out", false, "is locked by another run");

        Assert.Equal("first", Content(first.Path));
    }

    [Fact]
    public void Begin_AfterAKilledRun_RemovesItsStagingOnly()
    {
        using StorageFolder folder = new();
        foreach (string name in new[] { "out.partial-0123abcd", "out.partial-mine", "out.previous", "output.partial-0123abcd" })
            Fill(Directory.CreateDirectory(folder[name]).FullName, name);
        File.WriteAllText(folder["out.lock"], "");

        using (ArtefactStaging staging = ArtefactStaging.Begin(folder["out"], force: false)) Fill(staging.Path, "new");

        Assert.Equal(
            ["out.partial-mine", "out.previous", "output.partial-0123abcd"],
            Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(false)] // killed between the renames: the old artefact comes back
    [InlineData(true)] // killed after them: the old artefact goes
    public void Begin_AfterAKillDuringReplacement_FinishesIt(bool replaced)
    {
        using StorageFolder folder = new();
        Fill(Directory.CreateDirectory(folder["out.previous"]).FullName, "old");
        if (replaced) Fill(Directory.CreateDirectory(folder["out"]).FullName, "new");
        File.WriteAllText(folder["out.lock"], "replacing\n");

        AssertRefused(folder, "out", false, "exists already (an ArrowQuant artefact)");

        Assert.Equal(replaced ? "new" : "old", Content(folder["out"]));
        Assert.Equal([folder["out"]], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void ShardWriter_FolderMissing_IsAResourceError()
    {
        using StorageFolder folder = new();

        string path = Path.Combine(folder["none"], "a");

        ResourceException e = Assert.Throws<ResourceException>(() => new ShardWriter(path, new ArtefactWriterOptions()));

        Assert.Equal(path, e.FilePath);
        Assert.Contains("cannot be written: ", e.Message, StringComparison.Ordinal);
    }

    private static void Fill(string folder, string content)
    {
        StorageSamples.WriteMetadata(folder, []);
        File.WriteAllText(Path.Combine(folder, "content"), content);
    }

    private static string Content(string folder) => File.ReadAllText(Path.Combine(folder, "content"));

    private static void AssertRefused(StorageFolder folder, string name, bool force, string message)
    {
        ResourceException e = Assert.Throws<ResourceException>(() => ArtefactStaging.Begin(folder[name], force).Dispose());
        Assert.StartsWith($"{folder[name]}: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Equal(folder[name], e.FilePath);
    }
}
