using Morag.Failover.Cli.Terminals;

namespace Morag.Failover.Cli.Shell;

/// <summary>A line that is being edited, with its cursor.</summary>
internal sealed class LineBuffer
{
    private string cut = "";

    public string Text { get; private set; } = "";

    /// <summary>The place of the cursor, 0 to the length of the text.</summary>
    public int Cursor { get; private set; }

    /// <summary>The text before the cursor.</summary>
    public string Before => Text[..Cursor];

    public void Set(string text) => (Text, Cursor) = (text, text.Length);

    public void Insert(string text)
    {
        Text = Text.Insert(Cursor, text);
        Cursor += text.Length;
    }

    /// <summary>Replaces what is before the cursor from a place on.</summary>
    public void Replace(int from, string text)
    {
        Text = Text[..from] + text + Text[Cursor..];
        Cursor = from + text.Length;
    }

    /// <summary>Carries out a key that moves or deletes. Returns whether it is one.</summary>
    public bool Apply(ConsoleKeyInfo key) => key switch
    {
        { Key: ConsoleKey.LeftArrow, Modifiers: ConsoleModifiers.Control } => Move(WordStart()),
        { Key: ConsoleKey.RightArrow, Modifiers: ConsoleModifiers.Control } => Move(WordEnd()),
        { Key: ConsoleKey.LeftArrow } or { Key: ConsoleKey.B, Modifiers: ConsoleModifiers.Control } => Move(Cursor - StepBack),
        { Key: ConsoleKey.RightArrow } or { Key: ConsoleKey.F, Modifiers: ConsoleModifiers.Control } => Move(Cursor + StepAhead),
        { Key: ConsoleKey.Home } or { Key: ConsoleKey.A, Modifiers: ConsoleModifiers.Control } => Move(0),
        { Key: ConsoleKey.End } or { Key: ConsoleKey.E, Modifiers: ConsoleModifiers.Control } => Move(Text.Length),
        { Key: ConsoleKey.Backspace } or { Key: ConsoleKey.H, Modifiers: ConsoleModifiers.Control } => Delete(Cursor - StepBack, Cursor),
        { Key: ConsoleKey.Delete } or { Key: ConsoleKey.D, Modifiers: ConsoleModifiers.Control } => Delete(Cursor, Cursor + StepAhead),
        { Key: ConsoleKey.W, Modifiers: ConsoleModifiers.Control } => Cut(WordStart(), Cursor),
        { Key: ConsoleKey.U, Modifiers: ConsoleModifiers.Control } => Cut(0, Cursor),
        { Key: ConsoleKey.K, Modifiers: ConsoleModifiers.Control } => Cut(Cursor, Text.Length),
        { Key: ConsoleKey.Y, Modifiers: ConsoleModifiers.Control } => Paste(),
        _ => false,
    };

    /// <summary>What of the line fits into so many columns around the cursor, and the column of the cursor in it.</summary>
    public (string Shown, int Column) View(int columns)
    {
        var before = TerminalText.Last(Before, columns - 1);
        var column = TerminalText.Width(before);
        return (before + TerminalText.First(Text[Cursor..], columns - column), column);
    }

    private int StepBack => Cursor >= 2 && char.IsLowSurrogate(Text[Cursor - 1]) ? 2 : 1;

    private int StepAhead => Cursor < Text.Length && char.IsHighSurrogate(Text[Cursor]) ? 2 : 1;

    private bool Move(int place)
    {
        Cursor = Math.Clamp(place, 0, Text.Length);
        return true;
    }

    private bool Delete(int from, int to)
    {
        (from, to) = (Math.Max(0, from), Math.Min(Text.Length, to));
        Text = Text.Remove(from, to - from);
        return Move(from);
    }

    private bool Cut(int from, int to)
    {
        cut = Text[from..to];
        return Delete(from, to);
    }

    private bool Paste()
    {
        Insert(cut);
        return true;
    }

    private int WordStart()
    {
        var place = Cursor;
        while (place > 0 && Text[place - 1] == ' ')
        {
            place--;
        }

        while (place > 0 && Text[place - 1] != ' ')
        {
            place--;
        }

        return place;
    }

    private int WordEnd()
    {
        var place = Cursor;
        while (place < Text.Length && Text[place] == ' ')
        {
            place++;
        }

        while (place < Text.Length && Text[place] != ' ')
        {
            place++;
        }

        return place;
    }
}
