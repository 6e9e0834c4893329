using ArrowQuant.Errors;
using ArrowQuant.Tensors;

namespace ArrowQuant.Sources;

/// <summary>
/// A diffusers folder: the tensors of the components that are quantized, one component after the other, and the files of all others.
/// </summary>
internal sealed class DiffusersSource : IModelSource
{
    private readonly IReadOnlyList<IModelSource> _sources;
    private readonly Dictionary<string, (IModelSource Source, TensorInfo Inner)> _places = new(StringComparer.Ordinal);

    private DiffusersSource(string path, IReadOnlyList<DiffusersComponent> components, ModelDescription description)
    {
        Path = path;
        Description = description;
        _sources = [.. components.Select(component => component.Source)];
        List<TensorInfo> tensors = [];
        foreach (DiffusersComponent component in components)
        {
            foreach (TensorInfo inner in component.Source.Tensors)
            {
                TensorInfo tensor = inner with { Component = component.Name, Name = component.PlainName(inner.Name) };
                if (!_places.TryAdd(tensor.FullName, (component.Source, inner)))
                {
                    throw ModelFault.Of(
                        inner.FilePath, $"appears twice in component '{component.Name}', expected unique names", tensor.Name);
                }

                tensors.Add(tensor);
            }
        }

        Tensors = tensors;
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <inheritdoc/>
    public ModelDescription Description { get; }

    /// <summary>Opens a folder that has a <c>model_index.json</c>.</summary>
    /// <exception cref="ModelNotFoundException">A component, or the variant in every component, is missing.</exception>
    /// <exception cref="ModelFormatException">A file of the model is corrupt or refused, or a name leaves the folder.</exception>
    public static DiffusersSource Open(string folder, ModelSourceOptions options)
    {
        DiffusersIndex index = DiffusersIndex.Read(folder);
        ModelFolder root = ModelFolder.Read(folder);
        NamePatterns include = new(options.IncludeComponents, "include", wholeName: true);
        List<DiffusersComponent> opened = [];
        try
        {
            foreach (string name in index.Components)
            {
                if (DiffusersComponent.OpenIfQuantized(folder, name, include, options) is { } component) opened.Add(component);
            }

            CheckVariant(folder, opened, options.Variant);
            return new DiffusersSource(folder, opened, Describe(root, index, opened));
        }
        catch
        {
            foreach (DiffusersComponent component in opened) component.Source.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Read(TensorInfo tensor, long byteOffset, Span<byte> destination)
    {
        if (!_places.TryGetValue(tensor.FullName, out (IModelSource Source, TensorInfo Inner) place))
            throw new ArgumentException($"{Path} has no tensor '{tensor.FullName}'", nameof(tensor));
        place.Source.Read(place.Inner, byteOffset, destination);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IModelSource source in _sources) source.Dispose();
    }

    private static void CheckVariant(string folder, List<DiffusersComponent> opened, string? variant)
    {
        if (variant is null || opened.Count == 0 || opened.Any(component => component.IsVariant)) return;
        throw new ModelNotFoundException($"{folder}: no component has weights of variant '{Printable.Of(variant)}', expected at least one")
        {
            FilePath = folder,
        };
    }

    private static ModelDescription Describe(ModelFolder root, DiffusersIndex index, List<DiffusersComponent> opened)
    {
        HashSet<string> quantized = opened.Select(component => component.Name).ToHashSet(StringComparer.Ordinal);
        List<SidecarFile> sidecars = [.. SidecarFiles.OfModel(root.Path), new SidecarFile(index.Path, DiffusersIndex.FileName)];
        ContainedPath.ThrowIfOutside(root.Path, index.Path, root.Path);
        foreach (string name in index.Components)
        {
            sidecars.AddRange(quantized.Contains(name)
                ? SidecarFiles.OfQuantizedComponent(root.Path, name)
                : SidecarFiles.OfKeptComponent(root.Path, name));
        }

        ModelDescription description = ModelDescriber.DescribeDiffusers(
            root,
            index.Root,
            [.. opened.Select(component => (component.Name, ModelFolder.Read(System.IO.Path.Combine(root.Path, component.Name))))]);
        IEnumerable<string> componentNotes = opened.SelectMany(component => component.Notes.Concat(component.Source.Description.Notes));
        return description with
        {
            Sidecars = sidecars,
            Notes = [.. description.Notes, .. componentNotes.Distinct(StringComparer.Ordinal), .. UnnamedFolders(root.Path, index)],
        };
    }

    private static IEnumerable<string> UnnamedFolders(string folder, DiffusersIndex index) =>
        ModelFile.FoldersOf(folder)
            .Select(path => System.IO.Path.GetFileName(path))
            .Where(name => !index.Components.Contains(name) && !name.StartsWith('.') && name != "eval")
            .Select(name => $"the folder '{Printable.Of(name)}' is not a component of {DiffusersIndex.FileName} and is left out");
}
