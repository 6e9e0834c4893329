using ArrowQuant.Errors;

namespace ArrowQuant.Pipeline;

/// <summary>Keeps an output from ever replacing the model that it is made of.</summary>
internal static class OutputPath
{
    /// <summary>Checks that the output neither is the model nor contains it.</summary>
    /// <exception cref="ConfigurationException">It does.</exception>
    public static void Check(string modelPath, string outputPath)
    {
        string model = Path.TrimEndingDirectorySeparator(Path.GetFullPath(modelPath));
        string output = Path.TrimEndingDirectorySeparator(Path.GetFullPath(outputPath));
        if (model != output && !model.StartsWith(output + Path.DirectorySeparatorChar, StringComparison.Ordinal)) return;
        throw new ConfigurationException([$"{outputPath}: the output holds the model {modelPath}, which is never written to; choose another folder"])
        {
            FilePath = outputPath,
        };
    }
}
