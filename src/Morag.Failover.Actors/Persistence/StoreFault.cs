namespace Morag.Failover.Actors.Persistence;

/// <summary>Says in one line what the store said.</summary>
internal static class StoreFault
{
    private const int MostCharacters = 400;

    /// <summary>The messages of an exception and of what caused it, each once, the outermost first.</summary>
    public static string Words(Exception cause)
    {
        var said = new List<string>();
        for (var at = cause; at is not null; at = at is AggregateException { InnerExceptions.Count: 1 } one ? one.InnerExceptions[0] : at.InnerException)
        {
            var words = at.Message.ReplaceLineEndings(" ").Trim();
            if (at is not AggregateException && words.Length > 0 && !said.Exists(before => before.Contains(words, StringComparison.Ordinal)))
            {
                said.Add(words);
            }
        }

        var all = said.Count > 0 ? string.Join(": ", said) : cause.GetType().Name;
        return all.Length <= MostCharacters ? all : all[..MostCharacters] + "...";
    }
}
