using ArrowQuant.Errors;

namespace ArrowQuant.Sources;

/// <summary>Decides which files of a folder are the model's weights. Looks at names only.</summary>
internal static class WeightLocator
{
    private const string IndexSuffix = ".safetensors.index.json";

    private static readonly string[] StandardNames = ["model.safetensors", "diffusion_pytorch_model.safetensors"];

    /// <summary>Finds the weights of a folder.</summary>
    /// <param name="folder">The folder of a model or of one component.</param>
    /// <param name="variant">The variant that is wanted, or null for the plain weights.</param>
    /// <exception cref="ModelFormatException">The folder is ambiguous, or holds only formats that are refused.</exception>
    /// <exception cref="ModelNotFoundException">The folder holds no weights, or not the variant.</exception>
    public static WeightLocation Locate(string folder, string? variant)
    {
        string[] all = FileNames(folder);
        string[] weights = [.. all.Where(name => IsReadable(name) && !IsBeside(name))];
        string[] wanted = [.. weights.Where(name => WeightVariant.Of(name) == variant)];
        string[] others = [.. weights.Where(name => WeightVariant.Of(name) is { } other && other != variant)];
        if (Choose(folder, wanted) is { } location)
            return others.Length == 0 ? location : location with { Notes = [IgnoredNote(folder, others)] };
        throw Nothing(folder, all, variant, others);
    }

    /// <summary>True when the folder has weights of the variant.</summary>
    public static bool HasVariant(string folder, string variant) =>
        FileNames(folder).Any(name => IsReadable(name) && !IsBeside(name) && WeightVariant.Of(name) == variant);

    /// <summary>True for data that lies beside a model without being part of it: calibration, references, evaluation.</summary>
    public static bool IsBeside(string fileName) =>
        fileName.StartsWith("calibration", StringComparison.OrdinalIgnoreCase)
        || fileName.StartsWith("reference", StringComparison.OrdinalIgnoreCase);

    private static string[] FileNames(string folder) => [.. ModelFile.FilesOf(folder).Select(path => Path.GetFileName(path))];

    private static WeightLocation? Choose(string folder, string[] names)
    {
        string[] indexes = [.. names.Where(IsIndex)];
        if (indexes.Length > 1) throw Ambiguous(folder, indexes, "name the index file that is the model");
        if (indexes.Length == 1) return new WeightLocation(WeightKind.SafeTensorsIndex, Path.Combine(folder, indexes[0]), []);
        foreach (string standard in StandardNames)
        {
            if (names.FirstOrDefault(name => WeightVariant.PlainName(name) == standard) is { } found)
                return new WeightLocation(WeightKind.SafeTensors, Path.Combine(folder, found), []);
        }

        string[] single = [.. names.Where(name => name.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))];
        bool hasParquet = single.Length < names.Length;
        if (single.Length > 1 || (single.Length == 1 && hasParquet)) throw Ambiguous(folder, names, Advice(single));
        if (single.Length == 1) return new WeightLocation(WeightKind.SafeTensors, Path.Combine(folder, single[0]), []);

        if (!hasParquet) return ChooseOnnx(folder);

        // One file per tensor, one file of rows, or shards: the Parquet reader knows its layouts.
        return new WeightLocation(WeightKind.Parquet, folder, []);
    }

    // A graph beside weights is the weights' copy, so that it counts only where there are no others.
    private static WeightLocation? ChooseOnnx(string folder)
    {
        string[] graphs = [.. FileNames(folder).Where(ForeignFormats.IsOnnxName)];
        if (graphs.Length > 1) throw Ambiguous(folder, graphs, "name the ONNX file that is the model");
        return graphs.Length == 1 ? new WeightLocation(WeightKind.Onnx, Path.Combine(folder, graphs[0]), []) : null;
    }

    private static string Advice(string[] names) => names.Any(name => name.Contains("-of-", StringComparison.Ordinal))
        ? "shards need their *.safetensors.index.json, fetch it too"
        : "name the file that is the model";

    private static bool IsReadable(string name) =>
        name.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase)
        || IsIndex(name);

    private static bool IsIndex(string name) =>
        name.EndsWith(IndexSuffix, StringComparison.OrdinalIgnoreCase)
        || (name.Contains(".safetensors.index.", StringComparison.OrdinalIgnoreCase) && WeightVariant.Of(name) is not null);

    private static ModelFormatException Ambiguous(string folder, string[] candidates, string advice) => ModelFault.Of(
        folder, $"the folder is ambiguous, found {List(candidates)}, expected one model; {advice}");

    private static ArrowQuantException Nothing(string folder, string[] all, string? variant, string[] others)
    {
        if (others.Length > 0 || variant is not null)
        {
            string found = others.Length == 0
                ? "no other variants"
                : $"the variants {string.Join(", ", others.Select(WeightVariant.Of).Distinct(StringComparer.Ordinal))} (--variant)";
            string wanted = variant is null ? "the plain weights" : $"variant '{Printable.Of(variant)}' of the weights";
            return NotFound(folder, $"{wanted} not found, there are {found}");
        }

        string[] foreign = [.. all.Where(name => ForeignFormats.IsWeightName(name) && !IsBeside(name))];
        string? pickle = foreign.FirstOrDefault(ForeignFormats.IsPickleName);
        if (pickle is not null) return ForeignFormats.PickleRefusal(Path.Combine(folder, pickle));
        if (foreign.Length > 0)
            return ModelFault.Of(folder, $"found {List(foreign)}, which are not read, expected safetensors, Parquet or ONNX");
        string named = string.Join(", ", StandardNames);
        return NotFound(
            folder, $"no model found, looked for model_index.json, *{IndexSuffix}, {named}, one *.safetensors file and *.parquet");
    }

    private static ModelNotFoundException NotFound(string folder, string what) => new($"{folder}: {what}") { FilePath = folder };

    private static string IgnoredNote(string folder, string[] others) =>
        $"variant files in {folder} are ignored (--variant chooses them): {List(others)}";

    private static string List(string[] names)
    {
        const int Shown = 8;
        string list = string.Join(", ", names.Take(Shown).Select(Printable.Of));
        return names.Length > Shown ? $"{list} and {names.Length - Shown} more" : list;
    }
}
