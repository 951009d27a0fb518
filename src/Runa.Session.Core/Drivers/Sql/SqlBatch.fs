namespace Runa.Session

open System

/// How many rows a statement that deletes many takes, so that whoever writes meanwhile waits for a blink (promise 11). It
/// follows from how long the last one took: on one machine 1,000 rows are a trifle, on another a second.
module internal SqlBatch =
    let private short = TimeSpan.FromMilliseconds 5.
    let private long = TimeSpan.FromMilliseconds 15.

    // Fewer are not much faster: the rest is the transaction.
    let private fewest = 10

    let first (most: int) : int = min most 50

    let next (most: int) (size: int) (took: TimeSpan) : int =
        if took < short then
            min most (size * 2)
        elif took > long then
            // At once to what would have been in time.
            let fitting = int (float size * (long / took))
            min most (max fewest fitting)
        else
            size

    /// Others have half of the time.
    let pause (took: TimeSpan) : TimeSpan = TimeSpan.FromMilliseconds(Math.Clamp(ceil took.TotalMilliseconds, 1., 100.))
