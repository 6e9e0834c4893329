namespace ArrowQuant.Sources;

/// <summary>A component of a diffusers folder whose tensors are part of the model.</summary>
/// <param name="Name">The name in model_index.json.</param>
/// <param name="Source">Its open weights.</param>
/// <param name="IsVariant">Whether the variant that was asked for was found.</param>
/// <param name="Notes">What the user should know, one line each.</param>
internal sealed record DiffusersComponent(string Name, IModelSource Source, bool IsVariant, IReadOnlyList<string> Notes)
{
    /// <summary>Opens a component that is quantized by default, by the user's wish, or already; null for one that is kept.</summary>
    /// <param name="root">The diffusers folder.</param>
    /// <param name="name">The component.</param>
    /// <param name="include">The user's expressions, each for a whole <c>component</c> or <c>component/tensor</c>.</param>
    /// <param name="options">The choices that the caller made.</param>
    public static DiffusersComponent? OpenIfQuantized(string root, string name, NamePatterns include, ModelSourceOptions options)
    {
        string folder = Path.Combine(root, name);
        if (DiffusersIndex.IsQuantizedByDefault(name) || include.Matches(name)) return Open(root, name, options);

        // Only the names of tensors can tell whether an expression means one of them.
        if (include.IsEmpty && !HoldsParquet(folder) || !HoldsWeights(folder)) return null;
        DiffusersComponent component = Open(root, name, options);
        IEnumerable<string> tensors = component.Source.Tensors.Select(tensor => $"{name}/{component.PlainName(tensor.Name)}");
        if (HoldsParquet(folder) || tensors.Any(tensor => include.Matches(tensor))) return component;
        component.Source.Dispose();
        return null;
    }

    /// <summary>The name inside the component: artefacts of ours write <c>component/name</c>.</summary>
    public string PlainName(string name) => name.StartsWith(Name + "/", StringComparison.Ordinal) ? name[(Name.Length + 1)..] : name;

    private static DiffusersComponent Open(string root, string name, ModelSourceOptions options)
    {
        string? variant = options.Variant;
        string folder = Path.Combine(root, name);
        bool isVariant = variant is not null && WeightLocator.HasVariant(folder, variant);
        WeightLocation location = WeightLocator.Locate(folder, isVariant ? variant : null);
        ContainedPath.ThrowIfOutside(root, location.Path, root);
        IReadOnlyList<string> notes = variant is not null && !isVariant
            ? [$"component '{Printable.Of(name)}' has no variant '{Printable.Of(variant)}'; its plain weights are taken"]
            : [];
        return new DiffusersComponent(name, ModelSource.OpenWeights(folder, location, options.LargestPageBytes), isVariant, notes);
    }

    private static bool HoldsWeights(string folder) => HoldsParquet(folder) || Holds(folder, ".safetensors");

    private static bool HoldsParquet(string folder) => Holds(folder, ".parquet");

    private static bool Holds(string folder, string extension) => ModelFile.FilesOf(folder).Any(
        path => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase) && !WeightLocator.IsBeside(Path.GetFileName(path)));
}
