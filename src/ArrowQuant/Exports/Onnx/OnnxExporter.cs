using System.IO.Hashing;
using ArrowQuant.Errors;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Sources;
using ArrowQuant.Sources.Onnx;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Exports.Onnx;

/// <summary>Writes the original ONNX model with the artefact's layers in place of its weights.</summary>
/// <param name="inlineLimit">Bytes of values that the model file may hold; more go into a data file beside it.</param>
internal sealed class OnnxExporter(long inlineLimit = GraphWriter.InlineLimit) : IExporter
{
    /// <inheritdoc/>
    public ExportFormat Format => ExportFormat.Onnx;

    /// <inheritdoc/>
    public IEnumerable<string> Problems(ExportOptions options)
    {
        if (string.IsNullOrEmpty(options.SourcePath))
            yield return "--source MODEL.onnx is missing: the graph comes from the model that was quantized";
    }

    /// <inheritdoc/>
    public IReadOnlyList<ExportedTensor> Write(ExportJob job)
    {
        using IModelSource opened = ModelSource.Open(job.Options.SourcePath!);
        OnnxSource source = opened as OnnxSource
            ?? throw Fault(opened.Path, null, $"is {opened.Description.Format}, expected the ONNX model that was quantized");
        Dictionary<string, OnnxLayer> bySource = source.Layers.ToDictionary(layer => layer.Name, StringComparer.Ordinal);
        var edit = new GraphEdit(source.Graph);
        var rewriter = new LayerRewriter(job.Artefact, edit);
        List<ExportedLayer?> layers = [];
        foreach (StoredLayer stored in job.Artefact.Layers)
        {
            job.CancellationToken.ThrowIfCancellationRequested();
            if (stored.Component is not null || !bySource.TryGetValue(stored.Name, out OnnxLayer? layer))
                throw Fault(source.File.Path, stored.FullName, $"is in {job.Artefact.Folder} but not in this model; name the one it was made from");
            RequireSame(job.Artefact, stored, source, layer);
            layers.Add(stored.IsKept ? null : rewriter.Add(stored, layer));
            if (stored.IsKept && stored.Correction != "none") edit.Initializers.Add(layer.Tensor.Name, [Corrected(job.Artefact, stored, layer)]);
        }

        GraphWriter.Write(source, edit, job.Folder, inlineLimit, job.CancellationToken);
        return Verify(job, edit, bySource, layers);
    }

    // The artefact knows the hash of every block of the model that it was made from.
    private static void RequireSame(ArtefactReader artefact, StoredLayer stored, OnnxSource source, OnnxLayer layer)
    {
        TensorInfo info = source.Tensors.First(tensor => tensor.Name == stored.Name);
        if (info.Shape != stored.Shape || info.ElementType != stored.SourceType)
        {
            throw Fault(
                source.File.Path, stored.Name, $"is {info.ElementType.Name()} {info.Shape}, {artefact.Folder} was made from "
                + $"{stored.SourceType.Name()} {stored.Shape}; name the model that was quantized");
        }

        var reader = new MatrixReader(source, info, stored.View);
        foreach (StoredBlock block in stored.Blocks)
        {
            byte[] bytes = new byte[block.RowCount * reader.RowBytes];
            reader.ReadRows(block.RowStart, block.RowCount, bytes);
            if (XxHash128.HashToUInt128(bytes) == block.SourceHash) continue;
            throw Fault(
                source.File.Path, stored.Name, $"has other values than the model that {artefact.Folder} was made from; name that one");
        }
    }

    private static NewTensor Corrected(ArtefactReader artefact, StoredLayer stored, OnnxLayer layer) =>
        new(layer.Tensor.Name, layer.Tensor.DataType, layer.Tensor.Shape.Dimensions, stored.DataBytes,
            () => Enumerable.Range(0, stored.Blocks.Count).Select(i => (ReadOnlyMemory<byte>)artefact.ReadKept(stored, i)));

    private static List<ExportedTensor> Verify(
        ExportJob job, GraphEdit edit, Dictionary<string, OnnxLayer> bySource, List<ExportedLayer?> layers)
    {
        string path = Path.Combine(job.Folder, GraphWriter.ModelFile);
        using OnnxSource written = OnnxSource.Open(path, path, null);
        var decoder = new ExportDecoder(written, job.Artefact);
        List<ExportedTensor> tensors = [];
        for (int i = 0; i < layers.Count; i++)
        {
            job.CancellationToken.ThrowIfCancellationRequested();
            StoredLayer stored = job.Artefact.Layers[i];
            tensors.Add(layers[i] is { } layer
                ? VerifyLayer(layer, decoder, path)
                : VerifyKept(job.Artefact, stored, decoder, edit, bySource[stored.Name], path));
        }

        return tensors;
    }

    private static ExportedTensor VerifyLayer(ExportedLayer layer, ExportDecoder decoder, string path)
    {
        DecodedComparison comparison = decoder.Compare(layer);
        bool isWrong = layer.Form == LayerForm.Float16 ? !double.IsFinite(comparison.RelativeError) : !comparison.Exact;
        if (isWrong)
            throw new ResourceException($"{path}: layer {layer.Stored.FullName} does not decode to the artefact's weights") { FilePath = path };
        StoredLayer stored = layer.Stored;
        string stands = layer.Form switch
        {
            LayerForm.MatMulNBits => $"MatMulNBits {stored.BitWidth}",
            LayerForm.Decoded => stored.Layout == CodeLayout.Affine ? $"int{stored.BitWidth} decoded" : "Gather of levels",
            _ => "F16",
        };
        return ExportedTensor.Of(
            stored, stands, comparison, decoder.BytesOf(layer),
            layer.Form != LayerForm.Float16 ? null
            : stored.Transform != ArtefactLayout.None ? "its groups are rotated"
            : stored.Header.Format!.Trellis is not null ? "its codes are paths of a trellis"
            : "a float16 initializer is smaller than codes with their grids");
    }

    private static ExportedTensor VerifyKept(
        ArtefactReader artefact, StoredLayer stored, ExportDecoder decoder, GraphEdit edit, OnnxLayer layer, string path)
    {
        bool isReplaced = edit.Initializers.ContainsKey(layer.Tensor.Name);
        if (isReplaced)
        {
            byte[] expected = [.. Enumerable.Range(0, stored.Blocks.Count).SelectMany(i => artefact.ReadKept(stored, i))];
            if (!decoder.ReadAll(layer.Tensor.Name).AsSpan().SequenceEqual(expected))
                throw new ResourceException($"{path}: tensor {stored.FullName} is not what was written") { FilePath = path };
        }

        return ExportedTensor.Of(
            stored, stored.SourceType.SafeTensorsName(), new DecodedComparison(), stored.DataBytes, isReplaced ? "corrected bias" : null);
    }

    private static ModelFormatException Fault(string path, string? tensor, string what) => ModelFault.Of(path, what, tensor);
}
