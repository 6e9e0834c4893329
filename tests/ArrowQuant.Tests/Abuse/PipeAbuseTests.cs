using System.Diagnostics;
using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.TestKit.Parquet;
using ArrowQuant.Tests.Storage;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Abuse;

/// <summary>Folders of strangers with named pipes: whoever opens one waits until somebody writes to it, which nobody does.</summary>
public sealed class PipeAbuseTests : IDisposable
{
    private readonly ModelFiles _files = new();

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("model.safetensors.index.json")]
    [InlineData("model_index.json")]
    [InlineData("weights.parquet")]
    public void Open_ModelIsAPipe_IsRefusedAtOnce(string name)
    {
        MakePipe(name);
        AssertRefused(() => ModelSource.Open(_files.Root));
        AssertRefused(() => ModelSource.Open(_files.PathOf(name)));
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("metadata.json")]
    [InlineData("tokenizer.json")]
    [InlineData("LICENSE")]
    [InlineData("calibration.safetensors")]
    public void Open_FileBesideTheWeightsIsAPipe_IsRefusedAtOnce(string name)
    {
        _files.WriteWeights("model.safetensors");
        MakePipe(name);
        AssertRefused(() => ModelSource.Open(_files.Root));
    }

    [Fact]
    public void Open_OneOfManyParquetFilesIsAPipe_IsRefusedAtOnce()
    {
        OldParquetFixtures.WriteV2Rust(_files.Root, OldRows.RustSpatial("w", [4, 6], new float[24], 4, 2));
        MakePipe("x.parquet");
        AssertRefused(() => ModelSource.Open(_files.Root));
    }

    [Theory]
    [InlineData("metadata.json")]
    [InlineData("model-00001-of-00001.parquet")]
    public void Open_FileOfAnArtefactIsAPipe_IsRefusedAtOnce(string name)
    {
        RawShard.Write(_files.Root, RawShard.Rows());
        File.Delete(_files.PathOf(name));
        MakePipe(name);
        AssertRefused(() => ArtefactReader.Open(_files.Root));
    }

    /// <inheritdoc/>
    public void Dispose() => _files.Dispose();

    private static void AssertRefused(Func<IDisposable> open)
    {
        Task<ArrowQuantException?> opening = Task.Run(() => Record.Exception(() => open().Dispose()) as ArrowQuantException);
        Assert.True(opening.Wait(TimeSpan.FromSeconds(20)), "the pipe was opened, and nobody writes to it");
        Assert.Contains(RegularFile.Refusal, Assert.IsType<ModelFormatException>(opening.Result).Message, StringComparison.Ordinal);
    }

    private void MakePipe(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no pipes in folders");
        using Process process = Process.Start("mkfifo", [_files.PathOf(name)]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
