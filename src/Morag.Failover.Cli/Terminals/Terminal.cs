using Spectre.Console;

namespace Morag.Failover.Cli.Terminals;

/// <summary>
/// The user's terminal, to which control sequences may be written. Texts of servers must be made safe before they are written to it.
/// </summary>
internal interface ITerminal
{
    /// <summary>The columns.</summary>
    int Width { get; }

    /// <summary>The rows.</summary>
    int Height { get; }

    /// <summary>Whether a key is ready to be read.</summary>
    bool HasKey { get; }

    /// <summary>The next key; null if the terminal is gone.</summary>
    ConsoleKeyInfo? ReadKey();

    /// <summary>Writes text and control sequences at once.</summary>
    void Write(string text);

    /// <summary>Whether Ctrl-C is a key instead of a signal, from now on.</summary>
    void TakeInterrupts(bool taken);
}

/// <summary>The terminal of this process.</summary>
internal sealed class Terminal : ITerminal
{
    private const int UsualWidth = 80;
    private const int UsualHeight = 24;

    /// <summary>Whether this process talks to a terminal in both directions.</summary>
    public static bool IsPresent => !Console.IsInputRedirected && !Console.IsOutputRedirected;

    /// <inheritdoc />
    public int Width => Console.WindowWidth is > 0 and var width ? width : UsualWidth;

    /// <inheritdoc />
    public int Height => Console.WindowHeight is > 0 and var height ? height : UsualHeight;

    /// <inheritdoc />
    public bool HasKey => Console.KeyAvailable;

    /// <inheritdoc />
    public ConsoleKeyInfo? ReadKey()
    {
        try
        {
            return Console.ReadKey(intercept: true);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <inheritdoc />
    public void Write(string text)
    {
        Console.Out.Write(text);
        Console.Out.Flush();
    }

    /// <inheritdoc />
    public void TakeInterrupts(bool taken) => Console.TreatControlCAsInput = taken;
}

/// <summary>Measures and cuts texts by the columns that they take on a terminal.</summary>
internal static class TerminalText
{
    /// <summary>The columns of a text.</summary>
    public static int Width(string text) => text.Length == 0 ? 0 : text.GetCellWidth();

    /// <summary>The beginning of a text that fits into so many columns.</summary>
    public static string First(string text, int columns)
    {
        var (width, length) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            width += Width(rune.ToString());
            if (width > columns)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return text[..length];
    }

    /// <summary>The end of a text that fits into so many columns.</summary>
    public static string Last(string text, int columns)
    {
        var from = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (Width(text[from..]) <= columns)
            {
                break;
            }

            from += rune.Utf16SequenceLength;
        }

        return text[from..];
    }
}
