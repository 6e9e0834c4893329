using System.Runtime.InteropServices;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.Sources.Parquet;

/// <summary>An artefact of this library opened as a source.</summary>
public sealed class OwnArtefactSourceTests
{
    private static async Task<string> Quantize(TempFolder folder)
    {
        string output = folder.PathOf("out");
        await new DiffusionQuantizer().QuantizeAsync(
            RepositoryPaths.Sample("llada-kjv"),
            output,
            new DiffusionQuantConfig(),
            new QuantizationRunOptions { NoCalibration = true },
            cancellationToken: TestContext.Current.CancellationToken);
        return output;
    }

    [Fact]
    public async Task Read_QuantizedAndKept_GivesDecodedWeightsAndOriginalBytes()
    {
        using var folder = new TempFolder();
        string artefact = await Quantize(folder);
        using IModelSource source = ModelSource.Open(artefact);
        using ArtefactReader reader = ArtefactReader.Open(artefact);
        using IModelSource original = ModelSource.Open(RepositoryPaths.Sample("llada-kjv"));
        Assert.Equal(Modality.Text, source.Description.Modality);
        Assert.Equal(original.Tensors.Select(t => (t.Name, t.Shape)), source.Tensors.Select(t => (t.Name, t.Shape)));
        foreach (TensorInfo tensor in source.Tensors)
        {
            byte[] tail = new byte[tensor.ByteLength - 8];
            source.Read(tensor, 8, tail);
            byte[] expected = new byte[tensor.ByteLength];
            if (tensor.AlreadyQuantized is null) original.Read(original.Tensors.Single(t => t.Name == tensor.Name), 0, expected);
            else MemoryMarshal.AsBytes<float>(reader.ReadLayer(tensor.FullName)).CopyTo(expected);
            Assert.Equal(expected[8..], tail);
        }

        Assert.Equal(35, source.Tensors.Count(t => t.AlreadyQuantized == "INT4 base of an ArrowQuant artefact"));
    }

    [Fact]
    public async Task Quantize_Artefact_IsRefusedUnlessAllowed()
    {
        using var folder = new TempFolder();
        string artefact = await Quantize(folder);
        var quantizer = new DiffusionQuantizer();
        var config = new DiffusionQuantConfig { BitWidth = 8 };
        CancellationToken token = TestContext.Current.CancellationToken;
        ModelFormatException refused = await Assert.ThrowsAsync<ModelFormatException>(
            () => quantizer.QuantizeAsync(artefact, folder.PathOf("again"), config, cancellationToken: token));
        Assert.Contains("already quantized (INT4 base of an ArrowQuant artefact)", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--allow-requantize", refused.Message, StringComparison.Ordinal);
        var result = await quantizer.QuantizeAsync(
            artefact, folder.PathOf("again"), config, new QuantizationRunOptions { AllowRequantize = true }, cancellationToken: token);
        Assert.True(result.CosineSimilarity > 0.9999);
    }

    [Fact]
    public async Task Open_OneShardFile_AsksForItsFolder()
    {
        using var folder = new TempFolder();
        string shard = Path.Combine(await Quantize(folder), "model-00001-of-00001.parquet");
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => ModelSource.Open(shard));
        Assert.Contains("is one file of an ArrowQuant artefact; open its folder", error.Message, StringComparison.Ordinal);
    }
}
