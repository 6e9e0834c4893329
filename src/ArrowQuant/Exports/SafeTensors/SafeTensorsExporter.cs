using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Exports.SafeTensors;

/// <summary>
/// Writes a folder as Hugging Face libraries expect it: safetensors (with an index when there are several files), config.json and what else
/// lies in the artefact beside its shards. Components of a diffusers folder keep their folders.
/// </summary>
internal sealed class SafeTensorsExporter : IExporter
{
    private const string ConfigFile = "config.json";

    /// <inheritdoc/>
    public ExportFormat Format => ExportFormat.SafeTensors;

    /// <inheritdoc/>
    public IEnumerable<string> Problems(ExportOptions options)
    {
        if (options.Dtype is not (ElementType.F16 or ElementType.BF16 or ElementType.F32))
            yield return $"--dtype: {options.Dtype.Name()} is not valid; valid: f16, bf16, f32";
        if (options.ShardBytes < 1)
            yield return string.Create(CultureInfo.InvariantCulture, $"--shard-size: {options.ShardBytes} is not valid; valid: 1 or more");
    }

    /// <inheritdoc/>
    public IReadOnlyList<ExportedTensor> Write(ExportJob job)
    {
        CopySidecars(job);
        List<ExportedTensor> exported = [];
        foreach (IGrouping<string?, StoredLayer> component in job.Artefact.Layers.GroupBy(layer => layer.Component))
        {
            string folder = component.Key is null ? job.Folder : Path.Combine(job.Folder, component.Key);
            Directory.CreateDirectory(folder);
            JsonObject? config = ReadConfig(Path.Combine(folder, ConfigFile));
            IReadOnlyDictionary<StoredLayer, string> files =
                new ModelFolderWriter(job, folder, ModelFolderNames.Of(config), [.. component]).Write();
            if (job.Options.Packing == ExportPacking.CompressedTensors) WriteConfig(job, folder, config ?? [], [.. component]);
            foreach (IGrouping<string, StoredLayer> file in component.GroupBy(layer => files[layer]))
            {
                using SafeTensorsVerifier verifier = new(job, file.Key);
                exported.AddRange(file.Select(verifier.Verify));
            }
        }

        return exported;
    }

    private static JsonObject? ReadConfig(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            return JsonNode.Parse(BoundedFile.ReadAllBytes(path)) as JsonObject;
        }
        catch (JsonException e)
        {
            throw Failures.Format(path, null, $"is not JSON: {e.Message}", e);
        }
    }

    private static void WriteConfig(ExportJob job, string folder, JsonObject config, IReadOnlyList<StoredLayer> layers)
    {
        ILookup<bool, StoredLayer> packed = layers.Where(layer => !layer.IsKept).ToLookup(layer => PackedLayer.Refusal(layer) is null);
        if (!packed[true].Any()) return;
        config["quantization_config"] = CompressedConfig.Of([.. packed[true]], [.. packed[false]]);
        config["torch_dtype"] ??= job.Options.Dtype switch
        {
            ElementType.F16 => "float16",
            ElementType.BF16 => "bfloat16",
            _ => "float32",
        };
        File.WriteAllText(Path.Combine(folder, ConfigFile), JsonText.Of(config), new UTF8Encoding(false));
    }

    // Everything but what makes it an artefact: shards, metadata.json and report.json.
    private static void CopySidecars(ExportJob job)
    {
        string source = job.Artefact.Folder;
        EnumerationOptions plainFiles = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (string path in Directory.EnumerateFiles(source, "*", plainFiles).Order(StringComparer.Ordinal))
        {
            job.CancellationToken.ThrowIfCancellationRequested();
            string name = Path.GetRelativePath(source, path);
            if (name is ArtefactLayout.MetadataFile or ArtefactLayout.ReportFile or ExportLayout.ReportFile
                || ArtefactLayout.ParseShardName(Path.GetFileName(name)) is not null) continue;
            string target = Path.Combine(job.Folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(path, target);
            File.SetAttributes(target, FileAttributes.Normal);
        }
    }
}
