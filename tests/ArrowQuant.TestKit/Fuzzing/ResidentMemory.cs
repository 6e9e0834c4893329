using System.Globalization;
using System.Text;

namespace ArrowQuant.TestKit.Fuzzing;

/// <summary>
/// How far the memory of this process grew at its highest. Only where the system tells (Linux); elsewhere native memory is judged by the
/// pool of the Parquet library alone.
/// </summary>
internal sealed class ResidentMemory
{
    private const string Status = "/proc/self/status";
    private const string ClearReferences = "/proc/self/clear_refs";

    // Setting the mark back and reading it costs more than most inputs, so only a span of inputs is measured as a whole.
    private const int Span = 64;

    private readonly bool _isKnown = File.Exists(Status) && File.Exists(ClearReferences);
    private readonly byte[] _text = new byte[4096];
    private int _count;
    private long _before;

    /// <summary>Begins an input.</summary>
    public void Begin()
    {
        if (!_isKnown || _count++ % Span != 0) return;
        File.WriteAllText(ClearReferences, "5");
        _before = Read("VmRSS:");
    }

    /// <summary>Bytes between the highest memory and that at the begin of the span; null while the span lasts.</summary>
    public long? GrewBy() => _isKnown && _count % Span == 0 ? Read("VmHWM:") - _before : null;

    private long Read(string key)
    {
        using FileStream file = new(Status, FileMode.Open, FileAccess.Read, FileShare.Read, 0);
        string text = Encoding.ASCII.GetString(_text, 0, file.ReadAtLeast(_text, _text.Length, throwOnEndOfStream: false));
        int start = text.IndexOf(key, StringComparison.Ordinal) + key.Length;
        ReadOnlySpan<char> number = text.AsSpan(start, text.IndexOf("kB", start, StringComparison.Ordinal) - start).Trim();
        return long.Parse(number, CultureInfo.InvariantCulture) * 1024;
    }
}
