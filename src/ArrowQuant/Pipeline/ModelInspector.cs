using ArrowQuant.Errors;

namespace ArrowQuant.Pipeline;

/// <summary>Lists what a model holds.</summary>
public static class ModelInspector
{
    /// <summary>Lists the tensors of any readable model, quantized or not, without reading weights.</summary>
    /// <param name="path">A model's file or folder.</param>
    /// <param name="variant">The file variant of a diffusers folder, or null.</param>
    public static ModelInspection Inspect(string path, string? variant = null) => throw new ModelFormatException("not wired");
}
