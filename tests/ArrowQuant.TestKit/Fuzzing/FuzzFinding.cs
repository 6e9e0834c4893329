namespace ArrowQuant.TestKit.Fuzzing;

/// <summary>An input that a reader neither read nor refused as it must.</summary>
/// <param name="Reader">The reader.</param>
/// <param name="Seed">The seed of the campaign.</param>
/// <param name="Number">The number of the input.</param>
/// <param name="What">What happened.</param>
public sealed record FuzzFinding(string Reader, ulong Seed, long Number, string What)
{
    /// <summary>One line that names the input.</summary>
    public override string ToString() => $"{Reader}: seed {Seed}, input {Number}: {What}";
}

/// <summary>What a campaign came to.</summary>
/// <param name="Inputs">Inputs that were read.</param>
/// <param name="Accepted">Those that were read without an objection.</param>
/// <param name="Failed">Those that were neither read nor refused as they must.</param>
/// <param name="Findings">The first of each kind of these.</param>
/// <param name="Duration">How long it took.</param>
public sealed record FuzzResult(long Inputs, long Accepted, long Failed, IReadOnlyList<FuzzFinding> Findings, TimeSpan Duration);
