namespace ArrowQuant.TestKit;

/// <summary>How well a model of text fills masked positions.</summary>
/// <param name="Nll">The mean over masked positions of -ln q(true byte), in nats.</param>
/// <param name="KlDivergence">
/// The mean over the same positions of <c>sum p ln(p / q)</c>, in nats: p are the probabilities that the float32 model gives all 257 ids
/// there, q those of the judged one. It sees every change of the distribution, not only that of the true byte.
/// </param>
public readonly record struct MaskedTextScore(double Nll, double KlDivergence);
