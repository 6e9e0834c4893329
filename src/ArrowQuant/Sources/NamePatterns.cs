using System.Text.RegularExpressions;
using ArrowQuant.Errors;

namespace ArrowQuant.Sources;

/// <summary>A list of the user's regular expressions on names, with a bound on the time that a match may take.</summary>
internal sealed class NamePatterns
{
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(1);

    private readonly string _origin;
    private readonly Regex[] _expressions;

    /// <summary>Compiles the expressions.</summary>
    /// <param name="patterns">Regular expressions; the culture does not matter.</param>
    /// <param name="origin">The setting that they come from, for messages: <c>include</c>.</param>
    /// <param name="wholeName">Whether an expression must match the whole name.</param>
    /// <exception cref="ConfigurationException">At least one is not a regular expression; all that are not are named.</exception>
    public NamePatterns(IReadOnlyList<string> patterns, string origin, bool wholeName)
    {
        _origin = origin;
        _expressions = new Regex[patterns.Count];
        List<string> errors = [];
        for (int i = 0; i < patterns.Count; i++)
        {
            try
            {
                // Compiled as given first: a stray parenthesis must not be healed by the wrapping.
                Regex plain = new(patterns[i], RegexOptions.CultureInvariant, MatchTimeout);
                _expressions[i] = wholeName ? new Regex($@"\A(?:{patterns[i]})\z", RegexOptions.CultureInvariant, MatchTimeout) : plain;
            }
            catch (ArgumentException e)
            {
                errors.Add($"{origin}: '{Printable.Of(patterns[i])}' is not a regular expression: {Printable.Of(e.Message)}");
            }
        }

        if (errors.Count > 0) throw new ConfigurationException(errors);
    }

    /// <summary>True when there is no expression.</summary>
    public bool IsEmpty => _expressions.Length == 0;

    /// <summary>The position of the first expression that matches one of the names, or -1.</summary>
    /// <exception cref="ConfigurationException">A match took longer than a second.</exception>
    public int FirstMatch(params ReadOnlySpan<string> names)
    {
        for (int i = 0; i < _expressions.Length; i++)
        {
            foreach (string name in names)
            {
                if (IsMatch(_expressions[i], name)) return i;
            }
        }

        return -1;
    }

    /// <summary>True when an expression matches one of the names.</summary>
    /// <exception cref="ConfigurationException">A match took longer than a second.</exception>
    public bool Matches(params ReadOnlySpan<string> names) => FirstMatch(names) >= 0;

    private bool IsMatch(Regex expression, string name)
    {
        try
        {
            return expression.IsMatch(name);
        }
        catch (RegexMatchTimeoutException e)
        {
            string pattern = Printable.Of(expression.ToString());
            throw new ConfigurationException([$"{_origin}: '{pattern}' takes too long on '{Printable.Of(name)}'; simplify it"], e);
        }
    }
}
