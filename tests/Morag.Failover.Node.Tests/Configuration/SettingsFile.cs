using System.Text;

namespace Morag.Failover.Node.Tests.Configuration;

/// <summary>One setting of <c>hocon/morag.conf</c>, as its text has it.</summary>
/// <param name="Key">The full key.</param>
/// <param name="Default">The value; empty for a block.</param>
/// <param name="Comment">The lines above it, without their <c>#</c>.</param>
/// <param name="Source">The lines of a block whose keys are the user's own, comment included; null for any other setting.</param>
internal sealed record DocumentedSetting(string Key, string Default, IReadOnlyList<string> Comment, string? Source = null)
{
    private static readonly string[] Labels = ["Range", "Values", "Set by"];

    /// <summary>
    /// The value of a line such as <c>Range: 0 to 100.</c>, without the full stop; null if there is no such line. It goes on with the next
    /// lines until one ends with a full stop.
    /// </summary>
    public string? Labelled(string label) => Sentences
        .Where(line => line.StartsWith(label + ": ", StringComparison.Ordinal))
        .Select(line => line[(label.Length + 2)..].TrimEnd('.'))
        .SingleOrDefault();

    /// <summary>The sentences of the comment, without the labelled lines.</summary>
    public string Description => string.Join(' ', Sentences.Where(line => !IsLabelled(line)));

    /// <summary>The lines, with those of one label joined.</summary>
    private List<string> Sentences
    {
        get
        {
            var lines = new List<string>();
            foreach (var line in Comment)
            {
                if (lines is [.., var last] && IsLabelled(last) && !last.EndsWith('.'))
                {
                    lines[^1] = $"{last} {line}";
                }
                else
                {
                    lines.Add(line);
                }
            }

            return lines;
        }
    }

    private static bool IsLabelled(string line) =>
        Array.Exists(Labels, label => line.StartsWith(label + ": ", StringComparison.Ordinal));
}

/// <summary>A block of <c>hocon/morag.conf</c> with the settings directly in it.</summary>
internal sealed record DocumentedSection(string Key, IReadOnlyList<string> Comment)
{
    public List<DocumentedSetting> Settings { get; } = [];
}

/// <summary>
/// Reads <c>hocon/morag.conf</c> as text, because comments are what it is about: one setting a line, <c>name {</c> and <c>}</c> on lines of
/// their own, comments above what they describe.
/// </summary>
internal static class SettingsFile
{
    private static readonly string[] OpenBlocks = ["tokens", "webhooks", "definitions", "quality-ladder"];

    public static IReadOnlyList<DocumentedSection> Read(string file)
    {
        var sections = new List<DocumentedSection>();
        var open = new Stack<DocumentedSection>();
        var comment = new List<string>();
        var lines = new Queue<string>(File.ReadLines(file));
        while (lines.TryDequeue(out var line))
        {
            var text = line.Trim();
            if (text.StartsWith('#'))
            {
                comment.Add(text is ['#', ' ', ..] ? text[2..] : text[1..]);
                continue;
            }

            if (text.EndsWith('{') && OpenBlocks.Contains(text[..^2]))
            {
                open.Peek().Settings.Add(ReadOpenBlock($"{open.Peek().Key}.{text[..^2]}", line, comment, lines));
            }
            else if (text.EndsWith('{'))
            {
                var name = text[..^2];
                open.Push(new DocumentedSection(open.TryPeek(out var parent) ? $"{parent.Key}.{name}" : name, [.. comment]));
                sections.Add(open.Peek());
            }
            else if (text == "}")
            {
                _ = open.Pop();
            }
            else if (text.Split(" = ", 2) is [var key, var value])
            {
                open.Peek().Settings.Add(new DocumentedSetting($"{open.Peek().Key}.{key}", value, [.. comment]));
            }

            comment.Clear();
        }

        return sections;
    }

    private static DocumentedSetting ReadOpenBlock(string key, string first, List<string> comment, Queue<string> lines)
    {
        var indent = first.Length - first.TrimStart().Length;
        var source = new StringBuilder();
        foreach (var line in comment)
        {
            source.Append($"# {line}\n");
        }

        for (var line = first; ; line = lines.Dequeue())
        {
            source.Append($"{line[indent..]}\n");
            if (line.Trim() == "}")
            {
                return new DocumentedSetting(key, "", [.. comment], source.ToString());
            }
        }
    }
}
