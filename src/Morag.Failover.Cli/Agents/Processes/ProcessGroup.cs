using System.Globalization;

namespace Morag.Failover.Cli.Agents.Processes;

/// <summary>Finds the running processes of a process group.</summary>
internal static class ProcessGroup
{
    private const string Processes = "/proc";

    /// <summary>The processes of the group that are not zombies, such as <c>4711 (sleep)</c>.</summary>
    public static IReadOnlyList<string> Running(int group)
    {
        if (Posix.Kill(-group, 0) != 0 && System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == Posix.NoSuchProcess)
        {
            return [];
        }

        return Directory.Exists(Processes) ? [.. Members(group)] : [$"process group {group}"];
    }

    private static IEnumerable<string> Members(int group)
    {
        foreach (var folder in Directory.EnumerateDirectories(Processes))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var processId)
                && Stat(folder) is { } stat)
            {
                // The name is in parentheses and may contain any character. State, parent and group follow it.
                var name = stat.LastIndexOf(')') + 1;
                var fields = stat[name..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields[0] is not ("Z" or "X") && fields[2] == group.ToString(CultureInfo.InvariantCulture))
                {
                    yield return $"{processId} {stat[stat.IndexOf('(', StringComparison.Ordinal)..name]}";
                }
            }
        }
    }

    private static string? Stat(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "stat"));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
