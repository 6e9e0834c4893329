using ArrowQuant.Errors;

namespace ArrowQuant.Fallback;

/// <summary>Quality was not reached: fail-fast stopped, or every width was tried. Carries what was tried.</summary>
public sealed class QuantizationException : ArrowQuantException
{
    /// <summary>Creates the failure with its one-line message.</summary>
    public QuantizationException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <inheritdoc/>
    public override string Kind => "quality";

    /// <summary>Every attempt in order.</summary>
    public IReadOnlyList<QuantizationAttempt> Attempts { get; init; } = [];

    /// <summary>Every fallback event until the end.</summary>
    public IReadOnlyList<FallbackEvent> Events { get; init; } = [];

    /// <summary>Fallback rates by key (<c>gptq</c>, <c>int2_to_int4</c>, ...).</summary>
    public IReadOnlyDictionary<string, FallbackRate> Rates { get; init; } = new Dictionary<string, FallbackRate>();
}
