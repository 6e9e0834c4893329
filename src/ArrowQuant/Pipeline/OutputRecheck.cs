using System.Text.Json;
using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Quality;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline;

/// <summary>
/// Recomputes output figures of stored layers on the rows that a run held out: drawn again from the calibration data, as the artefact's
/// configuration says. What a bias takes up is the stored bias minus the original one.
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
    /// <exception cref="Errors.CalibrationException">The data that was named is missing or broken.</exception>
    public static OutputRecheck? Open(KernelSet kernels, ArtefactReader reader, IModelSource original, string? calibrationPath)
    {
        DiffusionQuantConfig config = ConfigurationOf(reader) ?? new DiffusionQuantConfig();
        IReadOnlyList<string> files = calibrationPath is null ? original.Description.CalibrationFiles : [calibrationPath];
        return CalibrationData.Open(files, calibrationPath is not null, config, null) is { } data
            ? new OutputRecheck(kernels, reader, original, data)
            : null;
    }

    /// <summary>The configuration that an artefact says it was made with, or null when it says none.</summary>
    public static DiffusionQuantConfig? ConfigurationOf(ArtefactReader reader) =>
        reader.Metadata?.QuantizationConfig?.Deserialize(ConfigurationJsonContext.Default.DiffusionQuantConfig);

    /// <summary>The output figures of a layer, or null when the data does not serve it.</summary>
    public OutputFigures? Measure(StoredLayer layer, TensorInfo tensor)
    {
        using LayerCalibration? rows = _calibration.Load(layer.FullName, layer.View.Columns, out _);
        if (rows is not { HasSamples: true, HeldOutCount: > 0 }) return null;
        var meter = new OutputMeter(
            _kernels, ActivationSamples.Pooled(rows.HeldOut, rows.Features, rows.HeldOutGroup, rows.Groups.Count));
        var sums = new OutputSums[rows.Groups.Count];
        float[] shifts = ShiftsOf(layer);
        var matrix = new MatrixReader(_original, tensor, layer.View);
        int columns = (int)layer.View.Columns;
        int piece = WeightConverter.RowsPerPiece(columns, calibrated: true);
        for (int i = 0; i < layer.Blocks.Count; i++)
        {
            QuantizedBlock block = _reader.ReadBlock(layer, i);
            for (int row = 0; row < block.RowCount; row += piece)
                Add(meter, matrix, block, row, Math.Min(piece, block.RowCount - row), shifts, sums);
        }

        return OutputFigures.From(sums);
    }

    private void Add(OutputMeter meter, MatrixReader matrix, QuantizedBlock block, int row, int rows, float[] shifts, OutputSums[] sums)
    {
        long first = block.RowStart + row;
        byte[] bytes = new byte[rows * matrix.RowBytes];
        matrix.ReadRows(first, rows, bytes);
        float[] weights = new float[rows * matrix.View.Columns];
        WeightConverter.Convert(_kernels, matrix, r => first + r, bytes, weights);
        float[] decoded = new float[weights.Length];
        BlockDecoder.Decode(_kernels, block, row, rows, decoded);
        ReadOnlySpan<float> added = shifts.Length == 0 ? [] : shifts.AsSpan((int)first, rows);
        meter.Add(meter.OutputsOf(weights), meter.OutputsOf(decoded), added, sums);
    }

    private float[] ShiftsOf(StoredLayer layer)
    {
        string name = BiasCorrection.BiasNameOf(layer.FullName);
        if (!_reader.TryGetLayer(name, out StoredLayer? bias) || bias!.Correction != BiasCorrection.Name) return [];
        if (!_tensors.TryGetValue(name, out TensorInfo? tensor)) return [];
        float[] stored = _reader.ReadLayer(name);
        byte[] bytes = new byte[tensor.ByteLength];
        _original.Read(tensor, 0, bytes);
        float[] original = new float[stored.Length];
        FloatConversion.ToSingle(ElementTypeFormats.FormatOf(tensor.ElementType), bytes, original);
        for (int i = 0; i < stored.Length; i++) stored[i] -= original[i];
        return stored;
    }
}
