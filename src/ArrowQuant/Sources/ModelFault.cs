using ArrowQuant.Errors;

namespace ArrowQuant.Sources;

/// <summary>Words the one-line failure of a model's file.</summary>
internal static class ModelFault
{
    /// <summary>The exception <c>path: tensor 'name': what</c>.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="what">What was found, what was expected, what to do.</param>
    /// <param name="tensor">The tensor, or null when the failure is about none.</param>
    /// <param name="cause">The exception behind it, or null.</param>
    public static ModelFormatException Of(string path, string what, string? tensor = null, Exception? cause = null)
    {
        string subject = tensor is null ? "" : $"tensor '{Printable.Of(tensor)}': ";
        return new ModelFormatException($"{path}: {subject}{what}", cause) { FilePath = path, TensorName = tensor };
    }
}
