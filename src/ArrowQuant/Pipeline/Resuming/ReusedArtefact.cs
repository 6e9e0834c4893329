using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;

namespace ArrowQuant.Pipeline.Resuming;

/// <summary>
/// The blocks of a finished artefact: what <c>--reuse</c> takes over where the source bytes have the hashes that it stores. They are
/// measured again against the source, so that no figure is taken on trust. Thread-safe.
/// </summary>
internal sealed class ReusedArtefact : IFinishedBlocks, IDisposable
{
    private const int PieceBytes = 1 << 20;

    private readonly ArtefactReader _reader;
    private readonly bool _sameCalibration;
    private readonly ILookup<(string Layer, int BitWidth), FallbackEventSummary> _failures;
    private readonly ConcurrentDictionary<LayerIdentity, Lazy<PreparedLayer?>> _choices = new();

    private ReusedArtefact(ArtefactReader reader, QuantizationResult report, bool sameCalibration)
    {
        _reader = reader;
        _sameCalibration = sameCalibration;
        _failures = report.Fallback.Events.Where(happened => happened.Layer is not null).ToLookup(
            happened => (happened.Layer!, happened.BitWidth),
            happened => new FallbackEventSummary(happened.Cause, happened.Message));
    }

    /// <summary>Opens an artefact and compares its files with their hashes; null, and a reason, when it cannot serve the run.</summary>
    /// <param name="folder">The artefact.</param>
    /// <param name="plan">The run.</param>
    /// <param name="reason">Why nothing can be taken over, or null.</param>
    /// <param name="cancellationToken">Stops while files are read.</param>
    /// <exception cref="ModelNotFoundException">There is no artefact.</exception>
    /// <exception cref="ModelFormatException">It is damaged.</exception>
    public static ReusedArtefact? Open(string folder, ModelPlan plan, out string? reason, CancellationToken cancellationToken)
    {
        ArtefactReader reader = ArtefactReader.Open(folder);
        try
        {
            reader.VerifyHashes(cancellationToken);
            reason = ReasonAgainst(reader.Metadata!, OutputRecheck.ConfigurationOf(reader), plan.Config);
            if (reason is null)
            {
                bool sameCalibration = reader.Metadata!.CalibrationXxh128 is { } stored && plan.Calibration is { } data
                    && stored == StoredRowCodec.HashText(data.FilesHash);
                return new ReusedArtefact(reader, ReportOf(folder), sameCalibration);
            }
        }
        catch
        {
            reader.Dispose();
            throw;
        }

        reader.Dispose();
        return null;
    }

    /// <inheritdoc/>
    public FinishedBlock? TryTake(LayerIdentity layer, long rowStart, int rowCount, UInt128 sourceHash)
    {
        Lazy<PreparedLayer?> choices = _choices.GetOrAdd(layer, key => new Lazy<PreparedLayer?>(() => ChoicesOf(key)));
        if (choices.Value is null || !_reader.TryGetLayer(layer.Request.Name, out StoredLayer? stored)) return null;
        for (int i = 0; i < stored!.Blocks.Count; i++)
        {
            StoredBlock block = stored.Blocks[i];
            if (block.RowStart == rowStart && block.RowCount == rowCount && block.SourceHash == sourceHash)
                return new FinishedBlock(choices.Value, _reader.ReadBlock(stored, i), null);
        }

        return null;
    }

    /// <summary>Does nothing: an artefact is never changed.</summary>
    public void Keep(LayerIdentity layer, PreparedLayer choices, QuantizedRows rows)
    {
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    private static string? ReasonAgainst(ArtefactMetadata metadata, DiffusionQuantConfig? made, DiffusionQuantConfig wanted)
    {
        if (metadata.ToolVersion != LibraryVersion.Current || metadata.FormatVersion != ArtefactLayout.FormatVersion)
            return $"it was made by version {metadata.ToolVersion}, this is {LibraryVersion.Current}";
        if (made is null) return "it does not say with what configuration it was made";
        return RunIdentity.Choosing(made) == RunIdentity.Choosing(wanted) ? null : "it was made with another configuration";
    }

    private static QuantizationResult ReportOf(string folder)
    {
        string path = Path.Combine(folder, ArtefactLayout.ReportFile);
        try
        {
            return ReportJson.Deserialize(Encoding.UTF8.GetString(BoundedFile.ReadAllBytes(path)));
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            throw Failures.Format(path, null, $"cannot be read as a report: {e.Message}; quantize without --reuse", e);
        }
    }

    // What was chosen for the stored layer, when the same would be chosen for this one; else null.
    private PreparedLayer? ChoicesOf(LayerIdentity layer)
    {
        LayerRequest request = layer.Request;
        if (request.Recipe.IsCalibrated && !_sameCalibration) return null;
        if (!_reader.TryGetLayer(request.Name, out StoredLayer? stored) || stored!.IsKept) return null;
        bool isSame = stored.BitWidth == request.BitWidth && stored.View == request.View
            && stored.SourceType == layer.Reader.Tensor.ElementType
            && stored.Shape.Dimensions.SequenceEqual(layer.Reader.Tensor.Shape.Dimensions);
        if (!isSame || RecipeOf(request, stored) is not { } recipe) return null;
        if (layer.DependsOnSample && !HasSameSource(layer.Reader, stored)) return null;
        LayerCalibration? calibration = request.Recipe.IsCalibrated ? request.Calibration() : null;
        OutputCorrection? correction = calibration is { HasSamples: true } ? CalibratedPreparation.MeasureOf(request, calibration) : null;
        bool hasCorrectedBias = _reader.TryGetLayer(BiasCorrection.BiasNameOf(request.Name), out StoredLayer? bias)
            && bias!.Correction == BiasCorrection.Name;
        if (hasCorrectedBias != (correction?.Mean is not null))
        {
            calibration?.Dispose();
            return null;
        }

        return new PreparedLayer
        {
            Recipe = recipe,
            Format = stored.Header.Format!,
            Search = default,
            Correction = correction,
            TimeAwareJson = stored.TimeAwareJson,
            ActivationStatsJson = stored.ActivationStatsJson,
            Alpha = stored.SpatialJson is { } spatial ? SpatialQuant.Parse(spatial).Alpha : null,
            Held = calibration is null ? [] : [calibration],
        };
    }

    // A calibrated method that failed while the layer was prepared is base in the artefact; the report tells why.
    private LayerRecipe? RecipeOf(LayerRequest request, StoredLayer stored)
    {
        LayerRecipe recipe = request.Recipe;
        if (recipe.IsCalibrated && stored.Method == MethodNames.BaseMethod)
        {
            FallbackEventSummary[] failures = [.. _failures[(request.Name, request.BitWidth)].Skip(recipe.Failures.Count)];
            if (failures.Length != 1) return null;
            recipe = recipe.WithoutCalibration(failures[0].Cause, failures[0].Message);
        }

        bool? equalized = stored.SpatialJson is { } spatial ? SpatialQuant.Parse(spatial).ChannelEqualization : null;
        bool isSame = recipe.Method == stored.Method && recipe.Enhancement == stored.Enhancement
            && recipe.ChannelEqualization.HasValue == equalized.HasValue;
        return isSame ? recipe with { ChannelEqualization = equalized } : null;
    }

    private static bool HasSameSource(MatrixReader source, StoredLayer stored)
    {
        int pieceRows = (int)Math.Max(1, PieceBytes / Math.Max(1, source.RowBytes));
        byte[] piece = new byte[pieceRows * source.RowBytes];
        foreach (StoredBlock block in stored.Blocks)
        {
            XxHash128 hash = new();
            for (int row = 0; row < block.RowCount; row += pieceRows)
            {
                int rows = Math.Min(pieceRows, block.RowCount - row);
                Span<byte> bytes = piece.AsSpan(0, (int)(rows * source.RowBytes));
                source.ReadRows(block.RowStart + row, rows, bytes);
                hash.Append(bytes);
            }

            if (hash.GetCurrentHashAsUInt128() != block.SourceHash) return false;
        }

        return true;
    }

    private sealed record FallbackEventSummary(string Cause, string Message);
}
