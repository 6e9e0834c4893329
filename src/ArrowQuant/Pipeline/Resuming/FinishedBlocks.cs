using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;
using Microsoft.Extensions.Logging;

namespace ArrowQuant.Pipeline.Resuming;

/// <summary>The places where a run finds finished blocks, in the order in which they are asked. Thread-safe.</summary>
internal sealed class FinishedBlocks : IFinishedBlocks, IDisposable
{
    private readonly ILogger _logger;
    private readonly BlockJournal? _journal;
    private readonly ReusedArtefact? _reused;
    private readonly IFinishedBlocks[] _places;
    private long _taken;
    private long _made;

    private FinishedBlocks(ILogger logger, BlockJournal? journal, ReusedArtefact? reused)
    {
        _logger = logger;
        _journal = journal;
        _reused = reused;
        List<IFinishedBlocks> places = [];
        if (journal is not null) places.Add(new JournaledBlocks(journal));
        if (reused is not null) places.Add(reused);
        _places = [.. places];
    }

    /// <summary>Blocks that were taken over.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Blocks that had to be quantized.</summary>
    public long Made => Interlocked.Read(ref _made);

    /// <summary>Opens what the options ask for; null when they ask for nothing. The caller holds the lock of the output.</summary>
    /// <param name="outputPath">Where the artefact goes; the journal lies beside it.</param>
    /// <param name="plan">The run.</param>
    /// <param name="options">What to take blocks from.</param>
    /// <param name="logger">Told what was found.</param>
    /// <param name="beforeWrite">Told of every write to the journal, before it; null for nobody.</param>
    /// <param name="cancellationToken">Stops while an artefact is verified.</param>
    /// <exception cref="Errors.ResourceException">The journal cannot be read or written.</exception>
    /// <exception cref="Errors.ModelNotFoundException">There is no artefact to reuse.</exception>
    /// <exception cref="Errors.ModelFormatException">The artefact to reuse is damaged.</exception>
    public static FinishedBlocks? Open(
        string outputPath, ModelPlan plan, QuantizationRunOptions options, ILogger logger, Action<string>? beforeWrite,
        CancellationToken cancellationToken)
    {
        ReusedArtefact? reused = null;
        if (options.ReusePath is { } folder)
        {
            reused = ReusedArtefact.Open(folder, plan, out string? reason, cancellationToken);
            if (reason is not null) logger.NothingReused(folder, reason);
        }

        string path = BlockJournal.PathOf(outputPath);
        try
        {
            BlockJournal? journal = options.Resume ? BlockJournal.Open(path, beforeWrite) : null;
            if (journal is { TornBytes: > 0 }) logger.TornBlocksDropped(path, journal.TornBytes);
            if (journal is null && BlockJournal.Exists(path)) logger.FinishedBlocksIgnored(path);
            return journal is null && reused is null ? null : new FinishedBlocks(logger, journal, reused);
        }
        catch
        {
            reused?.Dispose();
            throw;
        }
    }

    /// <summary>Removes the journal of an output, of this run or an earlier one, once its artefact is published.</summary>
    public static void RemoveJournal(string outputPath)
    {
        string path = BlockJournal.PathOf(outputPath);
        try
        {
            if (BlockJournal.Exists(path)) File.Delete(path);
        }
        catch (Exception e) when (Failures.IsFileSystem(e))
        {
            // The artefact is published, which decides the outcome; the next run for this output finds the file and says so.
        }
    }

    /// <inheritdoc/>
    public FinishedBlock? TryTake(LayerIdentity layer, long rowStart, int rowCount, UInt128 sourceHash)
    {
        foreach (IFinishedBlocks place in _places)
        {
            if (place.TryTake(layer, rowStart, rowCount, sourceHash) is not { } block) continue;
            Interlocked.Increment(ref _taken);
            return block;
        }

        return null;
    }

    /// <inheritdoc/>
    public void Keep(LayerIdentity layer, PreparedLayer choices, QuantizedRows rows)
    {
        foreach (IFinishedBlocks place in _places) place.Keep(layer, choices, rows);
        Interlocked.Increment(ref _made);
    }

    /// <summary>Says how many blocks were taken over and how many were made, and lets go of a reused artefact.</summary>
    public void EndTaking()
    {
        _logger.FinishedBlocksTaken(Taken, Made);
        _reused?.Dispose();
    }

    /// <summary>Says where finished blocks stay, if they do, and closes everything.</summary>
    public void Dispose()
    {
        _reused?.Dispose();
        if (_journal is null) return;
        if (_journal.Count > 0 && File.Exists(_journal.FilePath)) _logger.FinishedBlocksKept(_journal.FilePath);
        _journal.Dispose();
    }
}
