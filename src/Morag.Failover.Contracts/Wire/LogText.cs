namespace Morag.Failover.Contracts.Wire;

/// <summary>Texts from outside, such as reasons and error messages, for a log whose entries are lines.</summary>
public static class LogText
{
    /// <summary>
    /// The text on one line, without control characters: one that ends a line would let its author write log entries, and others control
    /// the terminal that shows the log. Each becomes a space.
    /// </summary>
    /// <param name="text">The text; null is an empty one.</param>
    public static string Of(string? text) => text is null ? ""
        : text.Any(IsUnsafe) ? string.Create(text.Length, text, static (safe, text) =>
        {
            for (var at = 0; at < text.Length; at++)
            {
                safe[at] = IsUnsafe(text[at]) ? ' ' : text[at];
            }
        })
        : text;

    private static bool IsUnsafe(char character) => char.IsControl(character) || character is '\u2028' or '\u2029';
}
