using System.Text.Json;
using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Quality;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Validation;

/// <summary>
/// Recomputes output figures of stored layers on the rows that a run held out: drawn again from the calibration data, as the artefact's
/// configuration says. What the bias of a layer takes up is computed again as well, and must be what is stored.
/// </summary>
internal sealed class OutputRecheck
{
    private readonly KernelSet _kernels;
    private readonly ArtefactReader _reader;
    private readonly IModelSource _original;
    private readonly CalibrationData _calibration;
    private readonly Dictionary<string, TensorInfo> _tensors;

    private OutputRecheck(KernelSet kernels, ArtefactReader reader, IModelSource original, CalibrationData calibration)
    {
        _kernels = kernels;
        _reader = reader;
        _original = original;
        _calibration = calibration;
        _tensors = original.Tensors.ToDictionary(tensor => tensor.FullName, StringComparer.Ordinal);
    }

    /// <summary>Prepares a recheck; null without calibration data.</summary>
    /// <param name="kernels">The kernels.</param>
    /// <param name="reader">The artefact.</param>
    /// <param name="original">The original model.</param>
    /// <param name="calibrationPath">Calibration data, or null for what lies beside the original.</param>
    /// <exception cref="CalibrationException">The data that was named is missing or broken.</exception>
    public static OutputRecheck? Open(KernelSet kernels, ArtefactReader reader, IModelSource original, string? calibrationPath)
    {
        DiffusionQuantConfig config = ConfigurationOf(reader) ?? new DiffusionQuantConfig();
        IReadOnlyList<string> files = calibrationPath is null ? original.Description.CalibrationFiles : [calibrationPath];
        return CalibrationData.Open(files, calibrationPath is not null, config, null) is { } data
            ? new OutputRecheck(kernels, reader, original, data)
            : null;
    }

    /// <summary>The configuration that an artefact says it was made with, or null when it says none.</summary>
    /// <exception cref="ModelFormatException">It is not a configuration.</exception>
    public static DiffusionQuantConfig? ConfigurationOf(ArtefactReader reader) => ConfigurationOf(reader.Folder, reader.Metadata);

    /// <summary>The configuration in the metadata of the artefact in a folder, or null when they tell none.</summary>
    /// <exception cref="ModelFormatException">It is not a configuration.</exception>
    public static DiffusionQuantConfig? ConfigurationOf(string folder, ArtefactMetadata? metadata)
    {
        if (metadata?.QuantizationConfig is not { } document) return null;
        try
        {
            DiffusionQuantConfig? config = document.Deserialize(ConfigurationJsonContext.Default.DiffusionQuantConfig);
            if (config is not null && ConfigurationValidator.Validate(config) is [string first, ..]) throw new JsonException(first);
            return config;
        }
        catch (JsonException error)
        {
            string path = Path.Combine(folder, ArtefactLayout.MetadataFile);
            throw new ModelFormatException($"{path}: quantization_config is not a configuration: {error.Message}", error)
            {
                FilePath = path,
            };
        }
    }

    /// <summary>The output figures of a layer, or null when the data does not serve it.</summary>
    /// <param name="layer">The stored layer.</param>
    /// <param name="tensor">The layer's tensor in the original.</param>
    /// <param name="problems">Receives a corrected bias that does not hold what it should.</param>
    public OutputFigures? Measure(StoredLayer layer, TensorInfo tensor, ICollection<string> problems)
    {
        using LayerCalibration? rows = _calibration.Load(layer.FullName, layer.View.Columns, out _);
        if (rows is not { HasSamples: true, HeldOutCount: > 0 }) return null;
        StoredLayer? bias = CorrectedBiasOf(layer);
        int groups = rows.Groups.Count;
        var heldOut = new OutputMeter(_kernels, ActivationSamples.Pooled(rows.HeldOut, rows.Features, rows.HeldOutGroup, groups));
        ActivationSamples fit = ActivationSamples.Pooled(rows.Fit, rows.Features, rows.FitGroup, groups);
        var correction = new OutputCorrection(heldOut, heldOut, bias is null ? null : fit.BalancedMean());
        var measures = new RowMeasures(groups);
        var matrix = new MatrixReader(_original, tensor, layer.View);
        int piece = WeightConverter.RowsPerPiece((int)layer.View.Columns, calibrated: true);
        for (int i = 0; i < layer.Blocks.Count; i++)
        {
            QuantizedBlock block = _reader.ReadBlock(layer, i);
            for (int row = 0; row < block.RowCount; row += piece)
                Add(correction, matrix, block, row, Math.Min(piece, block.RowCount - row), measures);
        }

        if (bias is not null && BiasDefect(bias, [.. measures.Shifts]) is { } defect) problems.Add(defect);
        return OutputFigures.From(measures.Outputs, measures.Damage);
    }

    private void Add(
        OutputCorrection correction, MatrixReader matrix, QuantizedBlock block, int row, int rows, RowMeasures measures)
    {
        long first = block.RowStart + row;
        byte[] bytes = new byte[rows * matrix.RowBytes];
        matrix.ReadRows(first, rows, bytes);
        float[] converted = new float[rows * matrix.View.Columns];
        ReadOnlySpan<float> weights = WeightConverter.Convert(_kernels, matrix, r => first + r, bytes, converted);
        float[] decoded = new float[weights.Length];
        BlockDecoder.Decode(_kernels, block, row, rows, decoded);
        measures.AddOutputs(correction, weights, decoded);
    }

    private StoredLayer? CorrectedBiasOf(StoredLayer layer) =>
        _reader.TryGetLayer(BiasCorrection.BiasNameOf(layer.FullName), out StoredLayer? bias) && bias!.Correction == BiasCorrection.Name
            ? bias
            : null;

    private string? BiasDefect(StoredLayer bias, float[] shifts)
    {
        if (!_tensors.TryGetValue(bias.FullName, out TensorInfo? tensor) || tensor.Shape.ElementCount != shifts.Length) return null;
        byte[] expected = new byte[tensor.ByteLength];
        _original.Read(tensor, 0, expected);
        BiasCorrection.Apply(expected, tensor.ElementType, shifts);
        byte[] stored = [.. Enumerable.Range(0, bias.Blocks.Count).SelectMany(i => _reader.ReadKept(bias, i))];
        int same = stored.AsSpan().CommonPrefixLength(expected);
        return same == expected.Length
            ? null
            : $"tensor {bias.FullName} does not hold the original plus what its layer lost: it differs at byte {same}";
    }
}
