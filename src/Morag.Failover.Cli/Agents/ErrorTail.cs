using System.Collections.Immutable;
using System.Text;
using Morag.Failover.Client.Texts;
using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Cli.Agents;

/// <summary>Keeps the end of an error stream and searches all of it for patterns, in bounded memory.</summary>
internal sealed class ErrorTail(ImmutableArray<string> patterns)
{
    private const int Length = 4_000;

    // Leaves room in the error message for the text in front of it.
    private const int MaxBytes = FailureLimits.MaxErrorMessageBytes - 1024;

    private readonly int overlap = patterns.IsEmpty ? 0 : patterns.Max(pattern => pattern.Length) - 1;
    private readonly StringBuilder tail = new();

    /// <summary>The first pattern that was found.</summary>
    public string? Pattern { get; private set; }

    public void Add(ReadOnlySpan<char> text)
    {
        var searched = Math.Max(0, tail.Length - overlap);
        _ = tail.Append(text);
        if (Pattern is null && !patterns.IsEmpty)
        {
            var window = tail.ToString(searched, tail.Length - searched);
            Pattern = patterns.FirstOrDefault(pattern => window.Contains(pattern, StringComparison.OrdinalIgnoreCase));
        }

        if (tail.Length > Length + overlap)
        {
            _ = tail.Remove(0, tail.Length - Length - overlap);
        }
    }

    public override string ToString() => TextCut.LastBytes(TextCut.Last(tail.ToString(), Length), MaxBytes);
}
