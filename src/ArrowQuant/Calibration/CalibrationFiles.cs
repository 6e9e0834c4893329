namespace ArrowQuant.Calibration;

/// <summary>Which reader takes a calibration file.</summary>
internal static class CalibrationFiles
{
    private const string Known = "*.safetensors, *.parquet, *.arrow, *.feather, *.ipc, *.jsonl or *.ndjson";

    /// <summary>
    /// The files to read. Of a folder that the user named these are its <c>calibration*</c> files; files beside a model that no reader
    /// takes are left alone.
    /// </summary>
    /// <exception cref="Errors.CalibrationException">A named path does not exist or no reader takes it.</exception>
    public static IReadOnlyList<string> Resolve(IReadOnlyList<string> paths, bool named)
    {
        if (!named) return [.. paths.Where(path => ReaderOf(path) is not null)];
        List<string> files = [];
        foreach (string path in paths)
        {
            if (Directory.Exists(path))
            {
                string[] inside = CalibrationFailure.Map(path, () => Directory.GetFiles(path, "calibration*"));
                string[] readable = [.. inside.Where(file => ReaderOf(file) is not null).Order(StringComparer.Ordinal)];
                if (readable.Length == 0)
                    throw CalibrationFailure.Error(path, $"is a folder without calibration data, expected calibration as {Known}");
                files.AddRange(readable);
            }
            else
            {
                if (!File.Exists(path)) throw CalibrationFailure.Error(path, $"no such file, expected calibration data as {Known}");
                if (ReaderOf(path) is null)
                    throw CalibrationFailure.Error(path, $"is not understood as calibration data, expected {Known}");
                files.Add(path);
            }
        }

        return files;
    }

    /// <summary>Reads what a file holds; rows are read later.</summary>
    /// <exception cref="Errors.CalibrationException">The file is missing, broken, or holds no calibration data.</exception>
    public static CalibrationLayers Read(string path)
    {
        CalibrationLayers layers = ReaderOf(path)!(path);
        foreach (ActivationRows rows in layers.Rows.Values) Timesteps.ThrowIfImpossible(rows);
        bool isEmpty = layers.Moments.Count == 0 && layers.Rows.Values.All(rows => rows.Count == 0);
        return isEmpty ? throw CalibrationFailure.Error(path, "no calibration samples, expected " + Expected(path)) : layers;
    }

    private static string Expected(string path) => HasExtension(path, ".safetensors")
        ? "tensors named <layer>.input and <layer>.timestep, or <layer>.channel_sqmean and <layer>.channel_absmax"
        : "rows with layer, data and timestep";

    private static Func<string, CalibrationLayers>? ReaderOf(string path)
    {
        if (HasExtension(path, ".safetensors")) return SafeTensorsCalibration.Read;
        if (HasExtension(path, ".parquet")) return file => BatchFile.Read(file, ParquetBatches.Open);
        if (HasExtension(path, ".arrow", ".arrows", ".feather", ".ipc")) return file => BatchFile.Read(file, ArrowBatches.Open);
        return HasExtension(path, ".jsonl", ".ndjson") ? JsonLinesFile.Read : null;
    }

    private static bool HasExtension(string path, params ReadOnlySpan<string> extensions)
    {
        foreach (string extension in extensions)
        {
            if (path.EndsWith(extension, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }
}
