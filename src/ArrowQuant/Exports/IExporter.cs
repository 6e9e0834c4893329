using ArrowQuant.Storage;

namespace ArrowQuant.Exports;

/// <summary>Writes one format.</summary>
internal interface IExporter
{
    /// <summary>The format.</summary>
    ExportFormat Format { get; }

    /// <summary>What is wrong with the options for this format, each with the name of its flag; nothing is written.</summary>
    IEnumerable<string> Problems(ExportOptions options);

    /// <summary>
    /// Writes every tensor of the artefact, decodes what was written and compares. Files go into <see cref="ExportJob.Folder"/>, which is
    /// published only when this returns.
    /// </summary>
    /// <returns>Every tensor, in the order of the artefact.</returns>
    /// <exception cref="Errors.ModelFormatException">The artefact is damaged, or has a tensor that the format cannot hold.</exception>
    /// <exception cref="Errors.ResourceException">What was read back is not what was written.</exception>
    IReadOnlyList<ExportedTensor> Write(ExportJob job);
}

/// <summary>One export at work.</summary>
/// <param name="Artefact">The opened artefact.</param>
/// <param name="Options">How.</param>
/// <param name="Folder">The folder to write into; it exists and is empty.</param>
/// <param name="CancellationToken">Stops the work.</param>
internal sealed record ExportJob(ArtefactReader Artefact, ExportOptions Options, string Folder, CancellationToken CancellationToken);
