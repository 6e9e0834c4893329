using System.Text.Json;

namespace ArrowQuant.TestKit;

/// <summary>
/// Other forms of a model folder that has a <c>model.safetensors</c>: cast to another type, or cut into shards. config.json and
/// metadata.json are copied beside it. Every method returns <paramref name="targetFolder"/>, which is made if it is missing.
/// </summary>
public static class ModelVariants
{
    private const string ModelFile = "model.safetensors";

    /// <summary>The model as F16, rounded to nearest, ties to even.</summary>
    public static string WriteF16(string sourceFolder, string targetFolder) => WriteAs(sourceFolder, targetFolder, "F16");

    /// <summary>The model as BF16, rounded to nearest, ties to even.</summary>
    public static string WriteBf16(string sourceFolder, string targetFolder) => WriteAs(sourceFolder, targetFolder, "BF16");

    /// <summary>The model as F8_E4M3; tensors of one dimension (biases, norms) stay as they are, as FP8 checkpoints have it.</summary>
    public static string WriteF8E4M3(string sourceFolder, string targetFolder) => WriteAs(sourceFolder, targetFolder, "F8_E4M3");

    /// <summary>The model as F8_E5M2; tensors of one dimension (biases, norms) stay as they are.</summary>
    public static string WriteF8E5M2(string sourceFolder, string targetFolder) => WriteAs(sourceFolder, targetFolder, "F8_E5M2");

    /// <summary>
    /// The model as <c>model-0000i-of-0000n.safetensors</c> with <c>model.safetensors.index.json</c>: consecutive tensors, about the same
    /// bytes in each shard, values unchanged.
    /// </summary>
    public static string WriteSharded(string sourceFolder, string targetFolder, int shards)
    {
        (Dictionary<string, string> metadata, List<RawTensor> tensors) = WeightFile.ReadRaw(Path.Combine(sourceFolder, ModelFile));
        ArgumentOutOfRangeException.ThrowIfLessThan(shards, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shards, tensors.Count);
        CopyDescription(sourceFolder, targetFolder);
        long total = tensors.Sum(tensor => (long)tensor.Data.Length);
        Dictionary<string, string> fileOf = new(StringComparer.Ordinal);
        long written = 0;
        int next = 0;
        for (int shard = 1; shard <= shards; shard++)
        {
            List<RawTensor> part = [];
            int mustRemain = shards - shard; // every later shard gets at least one tensor
            while (next < tensors.Count - mustRemain && (part.Count == 0 || shard == shards || written < total * shard / shards))
            {
                written += tensors[next].Data.Length;
                part.Add(tensors[next++]);
            }

            string name = $"model-{shard:D5}-of-{shards:D5}.safetensors";
            WeightFileWriter.Write(Path.Combine(targetFolder, name), part, metadata);
            foreach (RawTensor tensor in part) fileOf.Add(tensor.Name, name);
        }

        WriteIndex(Path.Combine(targetFolder, ModelFile + ".index.json"), total, fileOf);
        return targetFolder;
    }

    private static string WriteAs(string sourceFolder, string targetFolder, string type)
    {
        (Dictionary<string, string> metadata, List<RawTensor> tensors) = WeightFile.ReadRaw(Path.Combine(sourceFolder, ModelFile));
        CopyDescription(sourceFolder, targetFolder);
        bool matricesOnly = type.StartsWith("F8", StringComparison.Ordinal);
        List<RawTensor> cast = [];
        foreach (RawTensor tensor in tensors)
        {
            bool isCast = tensor.Type is "F32" or "F16" or "BF16" && (!matricesOnly || tensor.Shape.Length >= 2);
            cast.Add(isCast ? RawTensor.FromFloats(tensor.Name, type, tensor.Shape, tensor.ToFloats()) : tensor);
        }

        WeightFileWriter.Write(Path.Combine(targetFolder, ModelFile), cast, metadata);
        return targetFolder;
    }

    private static void CopyDescription(string sourceFolder, string targetFolder)
    {
        Directory.CreateDirectory(targetFolder);
        foreach (string name in (ReadOnlySpan<string>)["config.json", "metadata.json"])
        {
            string source = Path.Combine(sourceFolder, name);
            if (File.Exists(source)) File.Copy(source, Path.Combine(targetFolder, name), overwrite: true);
        }
    }

    private static void WriteIndex(string path, long totalSize, Dictionary<string, string> fileOf)
    {
        using FileStream file = File.Create(path);
        using Utf8JsonWriter json = new(file, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteStartObject("metadata");
        json.WriteNumber("total_size", totalSize);
        json.WriteEndObject();
        json.WriteStartObject("weight_map");
        foreach ((string name, string shard) in fileOf.OrderBy(pair => pair.Key, StringComparer.Ordinal)) json.WriteString(name, shard);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
