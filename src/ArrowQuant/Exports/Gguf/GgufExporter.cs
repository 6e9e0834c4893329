using System.Globalization;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;

namespace ArrowQuant.Exports.Gguf;

/// <summary>Writes <c>model.gguf</c>, or one file for each component of a diffusers folder, <c>component.gguf</c>.</summary>
internal sealed class GgufExporter : IExporter
{
    private const int LongestName = 63;
    private const uint QuantizationVersion = 2;

    /// <inheritdoc/>
    public ExportFormat Format => ExportFormat.Gguf;

    /// <inheritdoc/>
    public IEnumerable<string> Problems(ExportOptions options)
    {
        if (options.ErrorShare is not (>= 0 and <= 1))
            yield return string.Create(CultureInfo.InvariantCulture, $"--error-share: {options.ErrorShare} is not a number from 0 to 1");
        if (options.Architecture is { } name && !(name.Length is > 0 and <= 64 && name.All(IsNameLetter)))
            yield return $"--architecture: {name} is not valid; valid: lower-case letters, digits, _ and -, at most 64";
    }

    /// <inheritdoc/>
    public IReadOnlyList<ExportedTensor> Write(ExportJob job)
    {
        List<ExportedTensor> exported = [];
        foreach (IGrouping<string?, StoredLayer> component in job.Artefact.Layers.GroupBy(layer => layer.Component))
        {
            string path = Path.Combine(job.Folder, (component.Key ?? "model") + ".gguf");
            exported.AddRange(WriteFile(job, path, [.. component]));
        }

        return exported;
    }

    private static bool IsNameLetter(char letter) => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '_' or '-';

    private static List<ExportedTensor> WriteFile(ExportJob job, string path, IReadOnlyList<StoredLayer> layers)
    {
        // A tensor without elements has no place in ggml; nothing is lost with it.
        StoredLayer[] stored = [.. layers.Where(layer => layer.Shape.ElementCount > 0)];
        List<(StoredLayer Layer, double Error, string? Note)> written = [];
        Dictionary<StoredLayer, IReadOnlyList<long>> dimensions = stored.ToDictionary(
            layer => layer, layer => GgufTensor.DimensionsOf(layer, IsMatrix(layer, job.Options)));
        List<GgufTensor> sketch = [.. stored.Select(layer => new GgufTensor(layer.Name, dimensions[layer], GgmlType.F32, 0))];
        using (GgufWriter writer = new(path, job, Metadata(job, stored, 0).ToBytes(sketch).Length))
        {
            foreach (StoredLayer layer in stored)
            {
                if (layer.IsKept)
                {
                    writer.WriteKept(layer, dimensions[layer]);
                    written.Add((layer, 0, null));
                    continue;
                }

                TypeChoice choice = TypeChoice.Of(layer, dimensions[layer][0], job.Options.ErrorShare);
                (double error, string? refused) = writer.WriteLayer(layer, dimensions[layer], choice);
                string[] notes = [.. new[] { choice.Note, refused }.OfType<string>()];
                written.Add((layer, error, notes.Length > 0 ? string.Join("; ", notes) : null));
            }

            uint fileType = writer.Tensors.Zip(stored).Where(pair => !pair.Second.IsKept).GroupBy(pair => pair.First.Type)
                .OrderByDescending(type => type.Sum(pair => pair.First.Count)).Select(type => type.Key.FileType()).FirstOrDefault();
            writer.Finish(Metadata(job, stored, fileType));
        }

        using GgufFile file = GgufFile.Open(path);
        return [.. written.Select(item => Verify(job, path, file, item.Layer, item.Error, item.Note))];
    }

    // More dimensions than ggml has are folded, as ComfyUI-GGUF does; convolutions on request.
    private static bool IsMatrix(StoredLayer layer, ExportOptions options) => layer.Shape.Rank > GgufTensor.MostDimensions
        || (options.ReshapeConvolutions && !layer.IsKept && layer.Shape.Rank > 2 && layer.View.RowAxis == 0
            && layer.View.Columns % GgmlType.Q8_0.BlockLength() == 0);

    private static GgufHeader Metadata(ExportJob job, IReadOnlyList<StoredLayer> layers, uint fileType)
    {
        GgufHeader header = new();
        string? modelType = job.Artefact.Metadata?.ModelType;
        header.Add("general.architecture", job.Options.Architecture ?? GgufArchitecture.Of(layers, modelType));
        header.Add("general.type", "model");
        header.Add("general.quantized_by", $"ArrowQuant {LibraryVersion.Current}");
        header.Add("general.quantization_version", QuantizationVersion);
        header.Add("general.file_type", fileType);
        header.Add("general.alignment", GgufHeader.Alignment);
        if (job.Artefact.Metadata?.Modality is { } modality) header.Add("arrowquant.modality", modality);
        foreach (StoredLayer layer in layers.Where(layer => IsMatrix(layer, job.Options)))
            header.Add($"comfy.gguf.orig_shape.{layer.Name}", [.. layer.Shape.Dimensions.Select(size => checked((int)size))]);
        return header;
    }

    private static ExportedTensor Verify(ExportJob job, string path, GgufFile file, StoredLayer layer, double written, string? note)
    {
        GgufTensor tensor = file.Tensors[layer.Name];
        DecodedComparison comparison = new();
        if (layer.IsKept) CompareKept(job, path, file, layer, tensor);
        else Compare(job, file, layer, tensor, comparison);
        ExportFault.RequireAsWritten(path, layer, written, comparison.RelativeError);
        if (System.Text.Encoding.UTF8.GetByteCount(layer.Name) > LongestName)
            note = $"{(note is null ? "" : note + "; ")}its name is longer than {LongestName} bytes, which llama.cpp refuses";
        return ExportedTensor.Of(layer, tensor.Type.ToString(), comparison, tensor.Bytes, note);
    }

    private static void Compare(ExportJob job, GgufFile file, StoredLayer layer, GgufTensor tensor, DecodedComparison comparison)
    {
        long offset = 0;
        foreach (WeightPiece piece in WeightPiece.Of(job.Artefact, layer, job.CancellationToken))
        {
            byte[] bytes = new byte[tensor.Type.Bytes(piece.Values.Length)];
            float[] decoded = new float[piece.Values.Length];
            file.Read(tensor, offset, bytes);
            GgmlDecoder.Decode(tensor.Type, bytes, decoded);
            comparison.Add(piece.Values, decoded);
            offset += bytes.Length;
        }
    }

    private static void CompareKept(ExportJob job, string path, GgufFile file, StoredLayer layer, GgufTensor tensor)
    {
        long offset = 0;
        for (int i = 0; i < layer.Blocks.Count; i++)
        {
            byte[] expected = KeptConversion.Convert(layer, job.Artefact.ReadKept(layer, i));
            byte[] found = new byte[expected.Length];
            file.Read(tensor, offset, found);
            if (!found.AsSpan().SequenceEqual(expected)) throw ExportFault.OtherBytes(path, layer);
            offset += expected.Length;
        }
    }
}
