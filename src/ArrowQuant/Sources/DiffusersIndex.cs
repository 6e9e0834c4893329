using System.Text.Json;
using System.Text.RegularExpressions;
using ArrowQuant.Errors;

namespace ArrowQuant.Sources;

/// <summary>The <c>model_index.json</c> of a diffusers folder: which components a pipeline has.</summary>
internal sealed partial class DiffusersIndex
{
    /// <summary>The name of the file that makes a folder a diffusers folder.</summary>
    public const string FileName = "model_index.json";

    private DiffusersIndex(string path, JsonElement root, IReadOnlyList<string> components)
    {
        Path = path;
        Root = root;
        Components = components;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Its content.</summary>
    public JsonElement Root { get; }

    /// <summary>The components that exist (<c>[null, null]</c> is none), in ordinal order.</summary>
    public IReadOnlyList<string> Components { get; }

    /// <summary>Reads the index of a folder and checks that each component's folder is there and inside it.</summary>
    /// <exception cref="ModelFormatException">The file is not an index, or a name leaves the folder.</exception>
    /// <exception cref="ModelNotFoundException">The folder of a component is missing.</exception>
    public static DiffusersIndex Read(string folder)
    {
        string path = System.IO.Path.Combine(folder, FileName);
        JsonElement root = JsonFile.ReadObject(path);
        List<string> components = [];
        foreach (JsonProperty pair in root.EnumerateObject())
        {
            // Strings, numbers and booleans are settings of the pipeline; components are pairs [library, class].
            if (pair.Name.StartsWith('_') || pair.Value.ValueKind != JsonValueKind.Array) continue;
            if (!IsPair(pair.Value)) continue;
            if (pair.Value[0].ValueKind == JsonValueKind.Null && pair.Value[1].ValueKind == JsonValueKind.Null) continue;
            if (pair.Name.Contains('/'))
                throw ModelFault.Of(path, $"names the component '{Printable.Of(pair.Name)}', expected a plain name");
            string component = ContainedPath.Resolve(folder, pair.Name, path);
            if (!Directory.Exists(component))
            {
                throw new ModelNotFoundException(
                    $"{path}: the folder of component '{Printable.Of(pair.Name)}' is missing, expected {component}")
                {
                    FilePath = component,
                };
            }

            components.Add(pair.Name);
        }

        if (components.Count == 0) throw ModelFault.Of(path, "names no component, expected pairs like \"unet\": [library, class]");
        components.Sort(StringComparer.Ordinal);
        return new DiffusersIndex(path, root, components);
    }

    /// <summary>True for the components that are quantized without being asked for: transformer, unet and text encoders.</summary>
    public static bool IsQuantizedByDefault(string component) => QuantizedComponent().IsMatch(component);

    private static bool IsPair(JsonElement value) =>
        value.GetArrayLength() == 2 && value.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String or JsonValueKind.Null);

    [GeneratedRegex(@"^(?:(?:unet|transformer)(?:_.*)?|text_encoder.*)$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex QuantizedComponent();
}
