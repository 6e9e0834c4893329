using ArrowQuant.Errors;
using ArrowQuant.Sources.Onnx;
using ArrowQuant.Sources.Parquet;

namespace ArrowQuant.Sources;

/// <summary>Opens a model: decides what a path is and which reader takes it.</summary>
public static class ModelSource
{
    /// <summary>
    /// Opens a safetensors file, a <c>*.safetensors.index.json</c>, a Parquet file, an ONNX file, or a folder that holds a model. In a folder
    /// <c>model_index.json</c> makes it a diffusers model; else the index, then <c>model.safetensors</c>, then
    /// <c>diffusion_pytorch_model.safetensors</c>, then a single other weight file is the model. Headers are read, weights are not.
    /// </summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="options">Choices; null takes the defaults.</param>
    /// <exception cref="ModelNotFoundException">The path, or a file that the model names, does not exist.</exception>
    /// <exception cref="ModelFormatException">The model is corrupt, ambiguous, or in a format that is refused.</exception>
    /// <exception cref="ResourceException">A file cannot be read.</exception>
    /// <exception cref="ConfigurationException">An expression of the options is not a regular expression.</exception>
    public static IModelSource Open(string path, ModelSourceOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new ModelSourceOptions();
        string full = Path.GetFullPath(path);
        if (Directory.Exists(full))
        {
            string index = Path.Combine(full, DiffusersIndex.FileName);
            return File.Exists(index)
                ? DiffusersSource.Open(full, options)
                : OpenWeights(full, Inside(full, WeightLocator.Locate(full, options.Variant)), options.LargestPageBytes);
        }

        if (!File.Exists(full)) throw new ModelNotFoundException($"{full}: no such file or folder, expected a model") { FilePath = full };
        if (Path.GetFileName(full) == DiffusersIndex.FileName) return DiffusersSource.Open(Path.GetDirectoryName(full)!, options);
        return OpenWeights(full, LocateFile(full), options.LargestPageBytes);
    }

    /// <summary>Opens the weights at a location that is already decided, FP8 companion scales applied.</summary>
    /// <param name="path">What <see cref="IModelSource.Path"/> shall be.</param>
    /// <param name="location">Where the weights are.</param>
    /// <param name="largestPage">What <see cref="ModelSourceOptions.LargestPageBytes"/> says.</param>
    internal static IModelSource OpenWeights(string path, WeightLocation location, long? largestPage) =>
        location.Kind switch
        {
            WeightKind.Parquet => ParquetModelSource.Open(location.Path, largestPage),
            WeightKind.Onnx => OnnxSource.Open(path, location.Path, FolderOfOnnx(path, location)),
            _ => OpenSafeTensors(path, location),
        };

    // The folder may be a stranger's: a link in it must not put another file's weights into the result. A folder of Parquet files checks
    // each of them.
    private static WeightLocation Inside(string folder, WeightLocation location)
    {
        if (location.Path != folder) ContainedPath.ThrowIfOutside(folder, location.Path, folder);
        return location;
    }

    private static IModelSource OpenSafeTensors(string path, WeightLocation location)
    {
        SafeTensorsShards shards = location.Kind == WeightKind.SafeTensorsIndex
            ? SafeTensorsShards.OpenIndex(location.Path)
            : SafeTensorsShards.OpenFile(location.Path);
        try
        {
            string format = shards.IsSharded ? "sharded safetensors" : "safetensors";
            ModelFolder? folder = FolderOf(path, location);
            ModelDescription description = ModelDescriber.Describe(folder, format, shards.Metadata);
            description = description with { Notes = [.. location.Notes, .. description.Notes] };
            return CompanionScaleSource.Wrap(new SafeTensorsSource(path, shards, description, folder?.QuantizationMethod));
        }
        catch
        {
            shards.Dispose();
            throw;
        }
    }

    // A graph is not told by the folder rule when weights lie beside it; the only ONNX file of a folder is that folder's model all the same.
    private static ModelFolder? FolderOfOnnx(string path, WeightLocation location)
    {
        if (Directory.Exists(path)) return ModelFolder.Read(path);
        string folder = Path.GetDirectoryName(path)!;
        bool isOnly = ModelFile.FilesOf(folder).Count(file => ForeignFormats.IsOnnxName(file)) == 1;
        return isOnly && File.Exists(location.Path) ? ModelFolder.Read(folder) : null;
    }

    // A single file speaks for its folder only when the folder rule would have picked it.
    private static ModelFolder? FolderOf(string path, WeightLocation location)
    {
        if (Directory.Exists(path)) return ModelFolder.Read(path);
        string folder = Path.GetDirectoryName(path)!;
        return IsChoiceOf(folder, location) ? ModelFolder.Read(folder) : null;
    }

    private static bool IsChoiceOf(string folder, WeightLocation location)
    {
        try
        {
            return WeightLocator.Locate(folder, WeightVariant.Of(Path.GetFileName(location.Path))).Path == location.Path;
        }
        catch (ArrowQuantException)
        {
            return false; // ambiguous: the folder's files may belong to another model
        }
    }

    private static WeightLocation LocateFile(string path)
    {
        string name = Path.GetFileName(path);
        bool isIndex = name.Contains(".safetensors.index.", StringComparison.OrdinalIgnoreCase)
            && name.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
        if (isIndex) return new WeightLocation(WeightKind.SafeTensorsIndex, path, []);
        if (name.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            throw ModelFault.Of(
                path, "a JSON file is not a model, expected a folder, *.safetensors, *.safetensors.index.json, *.parquet or *.onnx");
        }

        return new WeightLocation(ForeignFormats.KindOf(path), path, ShardNotes(path));
    }

    private static string[] ShardNotes(string path) => Path.GetFileName(path).Contains("-of-", StringComparison.Ordinal)
        ? [$"{path} is one shard of a larger model; only its tensors are taken (name the folder to take all)"]
        : [];
}
