using System.Buffers;

namespace Morag.Failover.Contracts.Wire;

/// <summary>
/// The rule for the trace of a submission: a <c>traceparent</c> of version 00 of the W3C Trace Context, such as
/// <c>00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01</c>.
/// </summary>
public static class TraceParent
{
    /// <summary>The length in characters.</summary>
    public const int Length = 55;

    /// <summary>The rule, for error messages.</summary>
    public const string Rule = "must be a traceparent of version 00, such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    private const int TraceId = 3;
    private const int SpanId = 36;
    private const int Flags = 53;

    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <summary>Whether a text keeps the rule.</summary>
    public static bool IsValid(string text) =>
        text.Length == Length
        && text.StartsWith("00-", StringComparison.Ordinal)
        && text[SpanId - 1] == '-'
        && text[Flags - 1] == '-'
        && IsId(text.AsSpan(TraceId, SpanId - 1 - TraceId))
        && IsId(text.AsSpan(SpanId, Flags - 1 - SpanId))
        && !text.AsSpan(Flags).ContainsAnyExcept(Hex);

    private static bool IsId(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(Hex) && text.ContainsAnyExcept('0');
}
