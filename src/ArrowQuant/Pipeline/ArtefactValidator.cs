using ArrowQuant.Errors;

namespace ArrowQuant.Pipeline;

/// <summary>Checks an artefact against its bytes and its original.</summary>
public static class ArtefactValidator
{
    /// <summary>Decodes the stored bytes, recomputes every figure, checks structure and hashes.</summary>
    /// <param name="originalPath">The original model, or null to check structure and hashes only.</param>
    /// <param name="quantizedPath">The artefact.</param>
    /// <param name="minAccuracy">The threshold, or null for the one in the report.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public static ValidationReport Validate(
        string? originalPath, string quantizedPath, double? minAccuracy = null, CancellationToken cancellationToken = default) =>
        throw new ModelFormatException("not wired");
}
