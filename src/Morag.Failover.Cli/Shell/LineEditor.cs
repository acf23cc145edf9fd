using Morag.Failover.Cli.Terminals;

namespace Morag.Failover.Cli.Shell;

/// <summary>How the editing of a line ended.</summary>
internal enum LineEnd
{
    /// <summary>With Enter.</summary>
    Entered = 0,

    /// <summary>With Ctrl-C.</summary>
    Cancelled = 1,

    /// <summary>With Ctrl-D on an empty line, or because the terminal is gone.</summary>
    Closed = 2,
}

/// <summary>
/// Reads lines from a terminal, with history (arrows, Ctrl-R) and completion (Tab). A line that is longer than the terminal is wide
/// scrolls.
/// </summary>
/// <param name="terminal">The terminal.</param>
/// <param name="history">The earlier lines.</param>
/// <param name="complete">Offers words for the last word of a text.</param>
internal sealed class LineEditor(ITerminal terminal, ShellHistory history, Func<string, Task<IReadOnlyList<string>>> complete)
{
    private const string ClearLine = "\r\u001b[K";
    private const int MaxOffered = 200;

    private LineBuffer line = new();
    private string prompt = "";
    private string draft = "";
    private int place;

    /// <summary>Reads a line.</summary>
    public async Task<(LineEnd End, string Text)> ReadAsync(string shownPrompt)
    {
        (line, prompt, draft, place) = (new LineBuffer(), shownPrompt, "", history.Lines.Count);
        terminal.TakeInterrupts(true);
        try
        {
            while (true)
            {
                Draw();
                if (terminal.ReadKey() is not { } key)
                {
                    return (LineEnd.Closed, "");
                }

                if (await OnKeyAsync(key) is { } end)
                {
                    return (end, line.Text);
                }
            }
        }
        finally
        {
            terminal.TakeInterrupts(false);
        }
    }

    private async Task<LineEnd?> OnKeyAsync(ConsoleKeyInfo key)
    {
        switch (key)
        {
            case { Key: ConsoleKey.Enter } or { KeyChar: '\n' or '\r' }:
                return Finish(LineEnd.Entered, "");
            case { Key: ConsoleKey.C, Modifiers: ConsoleModifiers.Control }:
                return Finish(LineEnd.Cancelled, "^C");
            case { Key: ConsoleKey.D, Modifiers: ConsoleModifiers.Control } when line.Text.Length == 0:
                return Finish(LineEnd.Closed, "");
            case { Key: ConsoleKey.Tab }:
                await CompleteAsync();
                return null;
            case { Key: ConsoleKey.UpArrow } or { Key: ConsoleKey.P, Modifiers: ConsoleModifiers.Control }:
                Recall(place - 1);
                return null;
            case { Key: ConsoleKey.DownArrow } or { Key: ConsoleKey.N, Modifiers: ConsoleModifiers.Control }:
                Recall(place + 1);
                return null;
            case { Key: ConsoleKey.R, Modifiers: ConsoleModifiers.Control }:
                return await SearchAsync();
            case { Key: ConsoleKey.L, Modifiers: ConsoleModifiers.Control }:
                terminal.Write("\u001b[2J\u001b[H");
                return null;
            default:
                if (!line.Apply(key) && !char.IsControl(key.KeyChar) && key.KeyChar != '\0')
                {
                    line.Insert(key.KeyChar.ToString());
                }

                return null;
        }
    }

    private LineEnd Finish(LineEnd end, string mark)
    {
        Draw();
        terminal.Write(mark + "\r\n");
        return end;
    }

    private void Recall(int wanted)
    {
        if (wanted < 0 || wanted > history.Lines.Count)
        {
            return;
        }

        draft = place == history.Lines.Count ? line.Text : draft;
        place = wanted;
        line.Set(place == history.Lines.Count ? draft : history.Lines[place]);
    }

    /// <summary>Searches the history backwards for what is typed. Any other key takes the found line over.</summary>
    private async Task<LineEnd?> SearchAsync()
    {
        var (wanted, from) = ("", history.Lines.Count);
        while (true)
        {
            var found = Enumerable.Range(1, from).Select(back => from - back)
                .FirstOrDefault(index => history.Lines[index].Contains(wanted, StringComparison.OrdinalIgnoreCase), -1);
            var shown = found < 0 || wanted.Length == 0 ? "" : history.Lines[found];
            terminal.Write(ClearLine + TerminalText.First($"search \"{wanted}\": {shown}", terminal.Width - 1));
            switch (terminal.ReadKey())
            {
                case null:
                    return LineEnd.Closed;
                case { Key: ConsoleKey.R, Modifiers: ConsoleModifiers.Control }:
                    from = found < 0 ? from : found;
                    break;
                case { Key: ConsoleKey.Backspace }:
                    (wanted, from) = (wanted.Length > 0 ? wanted[..^1] : "", history.Lines.Count);
                    break;
                case { Key: ConsoleKey.C or ConsoleKey.G, Modifiers: ConsoleModifiers.Control } or { Key: ConsoleKey.Escape }:
                    return null;
                case { KeyChar: var typed } key when char.IsControl(typed) || typed == '\0':
                    line.Set(shown.Length > 0 ? shown : line.Text);
                    return await OnKeyAsync(key);
                case { KeyChar: var typed }:
                    (wanted, from) = (wanted + typed, history.Lines.Count);
                    break;
            }
        }
    }

    /// <summary>Completes the last word as far as all offers agree. If that adds nothing, the offers are listed.</summary>
    private async Task CompleteAsync()
    {
        var before = line.Before;
        var start = before.LastIndexOf(' ') + 1;
        var offers = await complete(before);
        var common = offers.Count == 0 ? "" : offers.Aggregate(Common);
        if (common.Length > before.Length - start)
        {
            line.Replace(start, offers.Count == 1 ? common + " " : common);
        }
        else if (offers.Count == 1)
        {
            line.Insert(" ");
        }
        else if (offers.Count > 1)
        {
            Show(offers);
        }
    }

    private void Show(IReadOnlyList<string> offers)
    {
        var columnWidth = offers.Max(TerminalText.Width) + 2;
        var columns = Math.Max(1, (terminal.Width - 1) / columnWidth);
        var rows = offers.Take(MaxOffered).Chunk(columns).Select(row => string.Concat(row.Select(
            offer => offer + new string(' ', columnWidth - TerminalText.Width(offer)))).TrimEnd());
        terminal.Write("\r\n" + string.Concat(rows.Select(row => row + "\r\n")));
    }

    private void Draw()
    {
        var shownPrompt = TerminalText.First(prompt, terminal.Width / 2);
        var used = TerminalText.Width(shownPrompt);
        var (shown, column) = line.View(Math.Max(2, terminal.Width - used - 1));
        terminal.Write(FormattableString.Invariant($"{ClearLine}{shownPrompt}{shown}\r\u001b[{used + column}C"));
    }

    private static string Common(string left, string right)
    {
        var length = 0;
        while (length < left.Length && length < right.Length && left[length] == right[length])
        {
            length++;
        }

        return left[..length];
    }
}
