using ArrowQuant.Errors;
using ArrowQuant.Storage;

namespace ArrowQuant.Sources;

/// <summary>Which files travel with a model unchanged.</summary>
internal static class SidecarFiles
{
    private const int FolderDepthLimit = 16;

    private static readonly string[] Names =
    [
        "config.json", "generation_config.json", "merges.txt", "special_tokens_map.json", "added_tokens.json",
        "preprocessor_config.json", "processor_config.json",
    ];

    private static readonly string[] Beginnings = ["tokenizer", "vocab", "chat_template", "LICENSE", "LICENCE", "NOTICE"];

    /// <summary>The configuration, tokenizer and licence files of a plain model folder, in ordinal order.</summary>
    /// <exception cref="ModelFormatException">One of them is a link that leaves the folder, or no file.</exception>
    public static IReadOnlyList<SidecarFile> OfModel(string folder) =>
        [.. ModelFile.FilesOf(folder).Where(path => Travels(Path.GetFileName(path))).Select(path => Sidecar(folder, path, ""))];

    /// <summary>Every file of a component that is kept, with its subfolders.</summary>
    /// <param name="root">The diffusers folder.</param>
    /// <param name="component">The name of the component.</param>
    /// <exception cref="ModelFormatException">A link leaves the root, or folders are nested too deeply.</exception>
    public static IReadOnlyList<SidecarFile> OfKeptComponent(string root, string component)
    {
        List<SidecarFile> sidecars = [];
        AddAll(root, Path.Combine(root, component), component + "/", 0, sidecars);
        return sidecars;
    }

    /// <summary>Every file of a folder, with its subfolders.</summary>
    /// <exception cref="ModelFormatException">A link leaves the folder, or folders are nested too deeply.</exception>
    public static IReadOnlyList<SidecarFile> OfTree(string root)
    {
        List<SidecarFile> sidecars = [];
        foreach (string path in ModelFile.FilesOf(root)) sidecars.Add(Sidecar(root, path, ""));
        foreach (string child in ModelFile.FoldersOf(root)) AddAll(root, child, Path.GetFileName(child) + "/", 1, sidecars);
        return sidecars;
    }

    /// <summary>The files of a component whose weights are quantized: all but weights, calibration and reference data.</summary>
    /// <param name="root">The diffusers folder.</param>
    /// <param name="component">The name of the component.</param>
    public static IReadOnlyList<SidecarFile> OfQuantizedComponent(string root, string component) =>
    [
        .. ModelFile.FilesOf(Path.Combine(root, component))
            .Where(path => !ForeignFormats.IsWeightName(path) && !WeightLocator.IsBeside(Path.GetFileName(path)))
            .Select(path => Sidecar(root, path, component + "/")),
    ];

    /// <summary>The files <c>calibration.*</c> of a model folder that calibration reads, in ordinal order.</summary>
    public static IReadOnlyList<string> Calibration(string folder) =>
    [
        .. ModelFile.FilesOf(folder)
            .Where(path => Path.GetFileName(path).ToLowerInvariant()
                is "calibration.safetensors" or "calibration.parquet" or "calibration.arrow" or "calibration.jsonl")
            .Select(path => Sidecar(folder, path, "").SourcePath),
    ];

    private static bool Travels(string name) =>
        !ForeignFormats.IsWeightName(name)
        && (Names.Contains(name, StringComparer.Ordinal)
            || Beginnings.Any(beginning => name.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))
            || name.EndsWith(".model", StringComparison.OrdinalIgnoreCase));

    private static SidecarFile Sidecar(string root, string path, string prefix)
    {
        ContainedPath.ThrowIfOutside(root, path, root);
        if (RegularFile.IsStream(path)) throw ModelFault.Of(path, RegularFile.Refusal);
        return new SidecarFile(path, prefix + Path.GetFileName(path));
    }

    private static void AddAll(string root, string folder, string prefix, int depth, List<SidecarFile> sidecars)
    {
        // Links inside the root could form a circle.
        if (depth > FolderDepthLimit) throw ModelFault.Of(folder, $"folders are nested more than {FolderDepthLimit} deep");
        ContainedPath.ThrowIfOutside(root, folder, root);
        sidecars.AddRange(ModelFile.FilesOf(folder).Select(path => Sidecar(root, path, prefix)));
        foreach (string child in ModelFile.FoldersOf(folder))
            AddAll(root, child, $"{prefix}{Path.GetFileName(child)}/", depth + 1, sidecars);
    }
}
