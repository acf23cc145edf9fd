using System.Text;
using Morag.Failover.Cli.Palettes;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>
/// What a command prints. Control characters become visible on the way out, whatever part of a command prints them: texts of servers,
/// workers and tasks must not control the operator's terminal. Line breaks and tabs pass.
/// </summary>
/// <param name="inner">Where it goes.</param>
/// <param name="isTerminal">Whether it goes to a terminal.</param>
/// <param name="width">The columns of the terminal; null for those of this process.</param>
internal sealed class PrintedText(TextWriter inner, bool isTerminal, int? width = null) : TextWriter(inner.FormatProvider)
{
    public bool IsTerminal => isTerminal;

    /// <summary>The columns of the terminal; null if it is none.</summary>
    public int? Width => !isTerminal ? null : width ?? (Console.WindowWidth is > 0 and var columns ? columns : null);

    public override Encoding Encoding => inner.Encoding;

    public static PrintedText To(TextWriter writer) =>
        writer as PrintedText ?? new PrintedText(writer, ReferenceEquals(writer, Console.Out) && !Console.IsOutputRedirected);

    public override void Write(char value) => Write(new ReadOnlySpan<char>(in value));

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(ReadOnlySpan<char> buffer)
    {
        while (FirstUnsafe(buffer) is var at and >= 0)
        {
            inner.Write(buffer[..at]);
            inner.Write(Cell.Safe(buffer.Slice(at, 1).ToString()));
            buffer = buffer[(at + 1)..];
        }

        inner.Write(buffer);
    }

    public override void WriteLine() => inner.WriteLine();

    public override void WriteLine(string? value)
    {
        Write(value);
        WriteLine();
    }

    public override void Flush() => inner.Flush();

    /// <summary>Writes a value that the user asked for, such as the result of a task. It is unchanged except on a terminal.</summary>
    public void WriteValue(string value)
    {
        if (isTerminal)
        {
            Write(value);
        }
        else
        {
            inner.Write(value);
        }
    }

    // A carriage return alone moves the cursor back over what was printed.
    private static int FirstUnsafe(ReadOnlySpan<char> text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            var isLineEnd = text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n';
            if (char.IsControl(text[at]) && text[at] is not ('\n' or '\t') && !isLineEnd)
            {
                return at;
            }
        }

        return -1;
    }
}
