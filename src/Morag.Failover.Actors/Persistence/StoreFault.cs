namespace Morag.Failover.Actors.Persistence;

/// <summary>Describes a failure of the store in one line.</summary>
internal static class StoreFault
{
    private const int MostCharacters = 400;

    /// <summary>The messages of an exception and its causes, without duplicates, outermost first.</summary>
    public static string Describe(Exception cause)
    {
        var said = new List<string>();
        for (var at = cause; at is not null; at = CauseOf(at))
        {
            var words = at.Message.ReplaceLineEndings(" ").Trim();
            var isNew = words.Length > 0 && !said.Exists(before => before.Contains(words, StringComparison.Ordinal));
            if (at is not AggregateException && isNew)
            {
                said.Add(words);
            }
        }

        var all = said.Count > 0 ? string.Join(": ", said) : cause.GetType().Name;
        return all.Length <= MostCharacters ? all : all[..MostCharacters] + "...";
    }

    private static Exception? CauseOf(Exception exception) =>
        exception is AggregateException { InnerExceptions.Count: 1 } aggregate ? aggregate.InnerExceptions[0] : exception.InnerException;
}
