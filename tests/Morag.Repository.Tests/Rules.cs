namespace Morag.Repository.Tests;

internal static class Rules
{
    /// <summary>Fails with every violation, one a line, not only the first ones.</summary>
    public static void Holds(string rule, IEnumerable<string> violations)
    {
        var found = violations.ToList();
        Assert.True(found.Count == 0, $"{rule}\n  {string.Join("\n  ", found)}");
    }
}
