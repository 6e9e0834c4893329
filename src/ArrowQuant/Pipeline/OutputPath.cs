using ArrowQuant.Errors;

namespace ArrowQuant.Pipeline;

/// <summary>Keeps an output from ever replacing the model that it is made of, or adding to it.</summary>
internal static class OutputPath
{
    /// <summary>Checks that the output neither is the model, nor contains it, nor lies in it.</summary>
    /// <exception cref="ConfigurationException">It does.</exception>
    public static void Check(string modelPath, string outputPath)
    {
        string model = Path.TrimEndingDirectorySeparator(Path.GetFullPath(modelPath));
        string output = Path.TrimEndingDirectorySeparator(Path.GetFullPath(outputPath));
        string? fault = model == output ? "is the model itself" : IsInside(model, output) ? $"holds the model {modelPath}"
            : IsInside(output, model) ? $"lies in the model {modelPath}" : null;
        if (fault is null) return;
        throw new ConfigurationException([$"{outputPath}: the output {fault}, which is never written to; choose another folder"])
        {
            FilePath = outputPath,
        };
    }

    private static bool IsInside(string path, string folder) => path.StartsWith(
        Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
